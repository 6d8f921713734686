import { connectControl, type GatehouseClient } from '../operations/client.ts';
import type { CommandInput } from './command.ts';

/** Runs with a client of the engine, and lets go of it afterwards. */
export async function withEngine<T>(
  input: Pick<CommandInput, 'dataDir'>,
  work: (client: GatehouseClient) => Promise<T>,
): Promise<T> {
  const connection = await connectControl(input.dataDir);
  try {
    return await work(connection.client);
  } finally {
    connection.close();
  }
}
