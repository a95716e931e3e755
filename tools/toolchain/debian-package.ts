import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { ownFolder } from "../own-folder";

/** Downloads a package and unpacks it into a folder: nothing is installed on the machine. @returns the folder */
export async function unpackDebianPackage(name: string, parent: string): Promise<string> {
  const folder = join(parent, name);
  if (existsSync(folder)) return folder;
  // Another process may download the same.
  const download = ownFolder(join(parent, "downloads"));
  try {
    await downloadPackage(name, download);
    const file = readdirSync(download).find((entry) => entry.endsWith(".deb"));
    await execa("dpkg-deb", ["-x", join(download, file as string), join(download, "unpacked")], { timeout: 60_000 });
    try {
      renameSync(join(download, "unpacked"), folder);
    } catch (error) {
      // It was first.
      if (!existsSync(folder)) throw error;
    }
  } finally {
    rmSync(download, { recursive: true });
  }
  return folder;
}

async function downloadPackage(name: string, folder: string): Promise<void> {
  const apt = (...args: string[]) => execa("apt-get", ["-q", ...args], { cwd: folder, timeout: 5 * 60_000 });
  try {
    // An apt that never ran update knows no package.
    await apt("download", name).catch(async () => {
      await apt("update");
      await apt("download", name);
    });
  } catch (error) {
    const why = (error as { shortMessage?: string }).shortMessage ?? String(error);
    throw new Error(`Debian's package ${name} is needed, and apt-get could not download it: ${why}`);
  }
}
