import { defineConfig } from 'vitepress'

export default defineConfig({
  title: 'Hatchery',
  description: 'Game server hosting: libraries, node agent, panel and web app.',
  lang: 'en',
  cleanUrls: true,
  themeConfig: {
    nav: [
      { text: 'Guide', link: '/guide/getting-started' },
      { text: 'Concepts', link: '/concepts/architecture' },
      { text: 'Reference', link: '/reference/api' },
      { text: 'Develop', link: '/develop/contributing' },
    ],
    sidebar: [
      {
        text: 'Guide',
        items: [
          { text: 'Getting started', link: '/guide/getting-started' },
          { text: 'Configuration', link: '/guide/configuration' },
          { text: 'Nodes', link: '/guide/nodes' },
          { text: 'Files', link: '/guide/files' },
          { text: 'SFTP and SSH', link: '/guide/sftp' },
          { text: 'Eggs and repositories', link: '/guide/eggs' },
          { text: 'Operations and troubleshooting', link: '/guide/operations' },
          { text: 'Metrics and usage', link: '/guide/metrics' },
          { text: 'Embedding the panel', link: '/guide/embedding' },
        ],
      },
      {
        text: 'Concepts',
        items: [
          { text: 'Architecture', link: '/concepts/architecture' },
          { text: 'Eggs', link: '/concepts/eggs' },
          { text: 'Security model', link: '/concepts/security' },
        ],
      },
      {
        text: 'Reference',
        items: [
          { text: 'API', link: '/reference/api' },
          { text: 'Endpoints', link: '/reference/endpoints' },
          { text: 'SDK', link: '/reference/sdk' },
          { text: 'The package core', link: '/reference/core' },
          { text: 'Egg command', link: '/reference/egg-command' },
          { text: 'Error codes', link: '/reference/errors' },
          { text: 'Permissions', link: '/reference/permissions' },
          { text: 'Agent protocol', link: '/reference/protocol' },
          { text: 'Egg library', link: '/reference/eggs/overview' },
          { text: 'Rules of variables', link: '/reference/eggs/rules' },
        ],
      },
      {
        text: 'Develop',
        items: [
          { text: 'Contributing', link: '/develop/contributing' },
          { text: 'Writing a runtime', link: '/develop/runtime' },
        ],
      },
    ],
    search: { provider: 'local' },
    outline: 'deep',
  },
})
