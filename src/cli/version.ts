/** The version of the package; the build writes it into the manifest that is published. */
export const version = '0.1.0'
