/**
 * Just enough SVG for the charts of the bench: text in the reader's own font, and colours that change with the reader's
 * light or dark page. Nothing runs in it, and nothing is loaded.
 */

const STYLE = `
  text { font: 12px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #1f2328 }
  .quiet { fill: #59636e } .title { font-weight: 600 } .end { text-anchor: end } .middle { text-anchor: middle }
  .axis { stroke: #8c959f; stroke-width: 1 } .grid { stroke: #d1d9e0; stroke-width: 1 }
  .mark { stroke: #bc4c00; stroke-width: 2; stroke-dasharray: 4 3 } .reference { stroke: #8c959f; stroke-dasharray: 3 3; fill: none }
  .c0 { fill: #6e7781 } .c1 { fill: #0969da } .c2 { fill: #1a7f37 } .c3 { fill: #8250df } .c4 { fill: #bf8700 } .c5 { fill: #cf222e }
  .s0 { stroke: #6e7781 } .s1 { stroke: #0969da } .s2 { stroke: #1a7f37 } .s3 { stroke: #8250df } .s4 { stroke: #bf8700 } .s5 { stroke: #cf222e }
  .line { fill: none; stroke-width: 2 } .good { fill: #1a7f37 } .bad { fill: #bc4c00 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .quiet { fill: #9198a1 } .axis { stroke: #656c76 } .grid { stroke: #30363d }
    .mark { stroke: #f0883e } .reference { stroke: #656c76 }
    .c0 { fill: #9198a1 } .c1 { fill: #4493f8 } .c2 { fill: #3fb950 } .c3 { fill: #ab7df8 } .c4 { fill: #d29922 } .c5 { fill: #f85149 }
    .s0 { stroke: #9198a1 } .s1 { stroke: #4493f8 } .s2 { stroke: #3fb950 } .s3 { stroke: #ab7df8 } .s4 { stroke: #d29922 } .s5 { stroke: #f85149 }
    .good { fill: #3fb950 } .bad { fill: #f0883e }
  }
`

/** What a reader who cannot see it is told stands in `title`. */
export function svg(widthPx: number, heightPx: number, title: string, parts: readonly string[]): string {
  const box = `viewBox="0 0 ${widthPx} ${heightPx}" width="${widthPx}" height="${heightPx}"`
  const head = `<svg xmlns="http://www.w3.org/2000/svg" ${box} role="img">`
  return `${head}\n<title>${escaped(title)}</title>\n<style>${STYLE}</style>\n${parts.join('\n')}\n</svg>\n`
}

export function text(x: number, y: number, content: string, className = ''): string {
  const shown = className === '' ? '' : ` class="${className}"`
  return `<text x="${round(x)}" y="${round(y)}"${shown}>${escaped(content)}</text>`
}

export function bar(x: number, y: number, widthPx: number, heightPx: number, className: string): string {
  const size = `width="${round(Math.max(1, widthPx))}" height="${round(Math.max(1, heightPx))}"`
  return `<rect x="${round(x)}" y="${round(y)}" ${size} rx="2" class="${className}"/>`
}

export function line(fromX: number, fromY: number, toX: number, toY: number, className: string): string {
  return `<line x1="${round(fromX)}" y1="${round(fromY)}" x2="${round(toX)}" y2="${round(toY)}" class="${className}"/>`
}

export function path(points: readonly (readonly [x: number, y: number])[], className: string): string {
  const steps = points.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${round(x)} ${round(y)}`)
  return `<path d="${steps.join('')}" class="${className}"/>`
}

export function dot(x: number, y: number, className: string): string {
  return `<circle cx="${round(x)}" cy="${round(y)}" r="3" class="${className}"/>`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

function escaped(content: string): string {
  return content.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;')
}
