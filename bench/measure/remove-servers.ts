import { until, type Product } from '../../test/product.ts'

/** Deletes every server of a product: what runs in Docker would outlive it. */
export async function removeServers({ client }: Pick<Product, 'client'>): Promise<void> {
  const list = async () => (await client.listServers({ query: { scope: 'all', limit: 100 } })).data
  for (const { id } of await list()) await client.deleteServer({ params: { server: id } })
  await until(async () => (await list()).length === 0, 60_000, 'every server is deleted')
}
