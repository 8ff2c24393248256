/**
 * What most questions need: the floor and the product's server, running beside each other, with
 * sessions open on both.
 *
 * @module
 */
import { connect, type RemoteProcess } from "../../mod.ts";
import { Floor, type FloorSession } from "../floor/floor.ts";
import type { Settings } from "../rounds.ts";
import { startProduct } from "./processes.ts";

/** Sessions of both, one python process for each session. */
export interface Scene extends AsyncDisposable {
  floors: FloorSession[];
  remotes: RemoteProcess[];
}

/** Starts both. */
export async function openScene({ python }: Settings, sessions: number): Promise<Scene> {
  const [floor, server] = await Promise.all([
    Floor.start(python, sessions),
    startProduct(python, sessions),
  ]);
  const floors = await floor.openAll(sessions);
  const remotes = await Promise.all(
    Array.from({ length: sessions }, () => connect(server.addr)),
  );
  return {
    floors,
    remotes,
    async [Symbol.asyncDispose]() {
      await Promise.all(remotes.map((remote) => remote.close()));
      await Promise.all([floor[Symbol.asyncDispose](), server[Symbol.asyncDispose]()]);
    },
  };
}
