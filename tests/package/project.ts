/** An empty project in a folder of its own, and programs that run in it. */
import { assert } from "@std/assert";

/** The runtimes that the package is for. */
export const RUNTIMES: Record<string, string[]> = {
  Deno: [Deno.execPath(), "run"],
  Bun: [await bunPath()],
};

/** Where npx keeps Bun: by itself, since npx stands between a program and its signals. */
async function bunPath(): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("npx", {
    args: ["--yes", "bun@1.4.5", "--print", "process.execPath"],
  }).output();
  if (!success) throw new Error(`Cannot find Bun: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout).trim();
}

/** A folder that goes with its scope. */
export class Project implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Makes an empty one. */
  static async make(): Promise<Project> {
    return new Project(await Deno.realPath(await Deno.makeTempDir({ prefix: "pyproxy-project-" })));
  }

  /** Writes a file. */
  async write(name: string, text: string): Promise<string> {
    await Deno.writeTextFile(`${this.path}/${name}`, text);
    return `${this.path}/${name}`;
  }

  /** Runs a program to its end; gives what it printed, and its exit code. */
  async run(command: string[], env: Record<string, string> = {}): Promise<Ran> {
    const { code, stdout, stderr } = await new Deno.Command(command[0]!, {
      args: command.slice(1),
      cwd: this.path,
      env: { NO_COLOR: "1", ...env },
      stdin: "null",
    }).output();
    const decoder = new TextDecoder();
    return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  }

  /** The same for one that must succeed; gives what it printed. */
  async succeed(command: string[], env?: Record<string, string>): Promise<string> {
    const { code, stdout, stderr } = await this.run(command, env);
    assert(code === 0, `${command.join(" ")} ended with ${code}:\n${stdout}${stderr}`);
    return stdout;
  }

  /** Removes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

/** What a program printed, and its exit code. */
export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}
