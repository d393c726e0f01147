/** A client for as long as the work takes; closed whatever becomes of it. */
export async function using<Client extends { close(): Promise<void> }, T>(
  client: Client,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  try {
    return await work(client)
  } finally {
    await client.close()
  }
}
