/**
 * A root folder with the programs of this machine and nothing else: no configuration, no accounts but
 * root, nothing installed. What is done in it is gone with it, and reaches nothing outside.
 *
 * @module
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root as repository } from "../../scripts/binary/compile.ts";

/** What a command in the root did. */
export interface Done {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CleanRoot {
  /** Runs a shell command in it, with a bare environment. */
  sh(command: string): Promise<Done>;
  /** Writes a file in it that can be executed. */
  write(path: string, content: string | Uint8Array): Promise<void>;
  /** Copies a file of this machine into it. */
  copy(from: string, to: string): Promise<void>;
  [Symbol.dispose](): void;
}

/**
 * Mounted where only the processes of this root see it. /usr is the machine's, and cannot be written;
 * all that programs write is in memory.
 */
const mounts = `set -e
root=$1
mount -t tmpfs -o size=1g,mode=755 tmpfs "$root"
cd "$root"
mkdir -p usr etc/systemd/system var/lib var/log run tmp root home dev proc shared
chmod 1777 tmp
for name in bin sbin lib lib32 lib64 libx32; do
  if [ -L "/$name" ]; then cp -P "/$name" "$name"
  elif [ -d "/$name" ]; then
    mkdir "$name"
    mount --bind "/$name" "$name"
    mount -o remount,bind,ro "$name"
  fi
done
mount --bind /usr usr
mount -o remount,bind,ro usr
mount -t tmpfs -o size=1g,mode=755 tmpfs usr/local
mkdir usr/local/bin
mount --rbind /dev dev
mount --rbind /proc proc
mount --bind "$2" shared
echo 'root:x:0:0:root:/root:/bin/sh' >etc/passwd
echo 'root:x:0:' >etc/group
for name in ld.so.cache ld.so.conf login.defs alternatives; do
  [ ! -e "/etc/$name" ] || cp -a "/etc/$name" etc
done
echo "ready $$"
exec sleep 600
`;

/** Opens a clean root. Takes root's rights, or a kernel that gives users their own. */
export async function openCleanRoot(): Promise<CleanRoot> {
  const home = mkdtempSync(join(tmpdir(), "agent-root-"));
  const [mounted, shared] = [join(home, "root"), join(home, "shared")];
  mkdirSync(mounted);
  mkdirSync(shared);
  const rights = process.getuid?.() === 0 ? [] : ["--map-root-user"];
  const keeper = Bun.spawn(
    ["unshare", ...rights, "--mount", "--fork", "--kill-child", "sh", "-c"].concat(
      mounts,
      "sh",
      mounted,
      shared,
    ),
    { stdin: "ignore", stdout: "pipe", stderr: "pipe" },
  );
  const { value } = await keeper.stdout.getReader().read();
  const [, pid] = /^ready (\d+)\n$/.exec(new TextDecoder().decode(value)) ?? [];
  if (pid === undefined) {
    throw new Error(`No clean root: ${await new Response(keeper.stderr).text()}`);
  }
  const enter = ["nsenter", "--target", pid, "--mount", ...(rights.length > 0 ? ["--user"] : [])];
  async function take(path: string): Promise<void> {
    const { code, stderr } = await opened.sh(
      `mkdir -p "$(dirname '${path}')" && mv /shared/file '${path}' && chmod 755 '${path}'`,
    );
    if (code !== 0) throw new Error(stderr);
  }
  const opened: CleanRoot = {
    async sh(command) {
      const child = Bun.spawn([...enter, "chroot", mounted, "/bin/sh", "-c", command], {
        env: { PATH: "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", HOME: "/root" },
        stdin: "ignore",
        stdout: "pipe",
        stderr: "pipe",
      });
      const [stdout, stderr] = await Promise.all([
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
      ]);
      return { code: await child.exited, stdout, stderr };
    },
    async write(path, content) {
      writeFileSync(join(shared, "file"), content);
      await take(path);
    },
    async copy(from, to) {
      copyFileSync(from, join(shared, "file"));
      await take(to);
    },
    [Symbol.dispose]() {
      keeper.kill("SIGKILL");
      rmSync(home, { recursive: true, force: true });
    },
  };
  await opened.copy(join(repository, "install.sh"), "/install.sh");
  return opened;
}
