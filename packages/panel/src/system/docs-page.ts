/** Draws the OpenAPI document as a list of endpoints by tag. Text only goes in as text. */
export const DOCS_SCRIPT = `
const make = (name, text, ...children) => {
  const element = document.createElement(name)
  if (text) element.textContent = text
  element.append(...children)
  return element
}
const code = (value) => make('pre', '', make('code', JSON.stringify(value, null, 2)))
const resolve = (document, schema) => {
  const name = schema && schema.$ref && schema.$ref.split('/').pop()
  return name ? { [name]: document.components.schemas[name] } : schema
}
const part = (title, value) => (value ? [make('h4', title), code(value)] : [])
fetch(new URL('v1/openapi.json', location.href.replace(/docs\\/?$/, '')))
  .then((answer) => answer.json())
  .then((api) => {
    const main = document.querySelector('main')
    main.replaceChildren(make('p', api.info.title + ' ' + api.info.version))
    const tags = new Map()
    for (const [path, methods] of Object.entries(api.paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        const tag = (operation.tags || ['Other'])[0]
        tags.set(tag, [...(tags.get(tag) || []), { path, method, operation }])
      }
    }
    for (const [tag, entries] of tags) {
      main.append(make('h2', tag))
      for (const { path, method, operation } of entries) {
        const body = operation.requestBody && operation.requestBody.content['application/json']
        const answers = Object.entries(operation.responses || {}).filter(([status]) => status < '300')
        main.append(
          make('details', '',
            make('summary', '', make('b', method.toUpperCase()), ' ', make('code', path), ' ', make('span', operation.summary || '')),
            make('p', operation.description || ''),
            ...part('Parameters', operation.parameters),
            ...part('Body', body && resolve(api, body.schema)),
            ...answers.flatMap(([status, answer]) => {
              const content = answer.content && answer.content['application/json']
              return part('Answer ' + status, content && resolve(api, content.schema))
            }),
          ),
        )
      }
    }
  })
  .catch(() => { document.querySelector('main').textContent = 'The API description could not be loaded.' })
`

export function docsPage(): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Hatchery API</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 0 auto; padding: 1rem }
details { border: 1px solid color-mix(in srgb, currentColor 20%, transparent); border-radius: .4rem; margin: .4rem 0; padding: .4rem .8rem }
summary { cursor: pointer; overflow-wrap: anywhere }
summary b { display: inline-block; min-width: 4.5rem }
pre { overflow: auto; padding: .6rem; background: color-mix(in srgb, currentColor 8%, transparent); border-radius: .4rem }
</style>
</head>
<body>
<h1>Hatchery API</h1>
<main>Loading …</main>
<script>${DOCS_SCRIPT}</script>
</body>
</html>
`
}
