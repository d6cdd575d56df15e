/** The answers of both ways to change configurations: one for each resource; a resource that stands twice is refused. */
import type { ConfigDecision } from '../coordination/metadata/configs.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import type { Failure } from './api.ts'

interface Resource {
  readonly resourceType: number
  readonly resourceName: string
}

interface ResourceAnswer extends Resource {
  readonly errorCode: ErrorCode
  readonly errorMessage: string | null
}

export async function alteredResources<T extends Resource>(
  resources: readonly T[],
  alter: (wanted: readonly T[]) => Promise<readonly ConfigDecision['result'][]>
): Promise<ResourceAnswer[]> {
  const counts = new Map<string, number>()
  for (const resource of resources) counts.set(keyOf(resource), (counts.get(keyOf(resource)) ?? 0) + 1)
  const wanted = resources.filter((resource) => counts.get(keyOf(resource)) === 1)
  const results = await alter(wanted)
  return resources.map((resource) => {
    const { resourceType, resourceName } = resource
    const result = results[wanted.indexOf(resource)]
    if (result === undefined) {
      const errorMessage = 'Each resource must appear at most once.'
      return { errorCode: ErrorCode.INVALID_REQUEST, errorMessage, resourceType, resourceName }
    }
    return {
      errorCode: result.error,
      errorMessage: 'message' in result ? result.message : null,
      resourceType,
      resourceName
    }
  })
}

export function failedResources(resources: readonly Resource[], failure: Failure): ResourceAnswer[] {
  return resources.map(({ resourceType, resourceName }) => ({ ...failure, resourceType, resourceName }))
}

function keyOf({ resourceType, resourceName }: Resource): string {
  return `${resourceType}:${resourceName}`
}
