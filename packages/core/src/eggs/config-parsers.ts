/** The parsers of configuration files as eggs name them, `yml` being another word for `yaml`. */
export const PARSERS: ReadonlySet<string> = new Set(['file', 'properties', 'ini', 'json', 'yaml', 'yml', 'xml', 'toml'])
