import { chmodSync, cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { sourceDateEpoch } from "../../components/catalog/build-arguments";
import type { Home } from "../home";
import { unpackDebianPackage } from "../toolchain/debian-package";
import type { Report } from "../toolchain/install";

/** Where Debian machines keep the authorities that were added to them, such as a company's. */
const localAuthorities = "/usr/local/share/ca-certificates";

/** What makes Debian's images slim: packages that are installed later leave their manuals out too. */
const slimRules = ["doc", "man", "info", "locale"].map((folder) => `path-exclude /usr/share/${folder}/*\\n`).join("");

/**
 * A minimal Debian, made by mmdebstrap from the mirror that this machine's own apt uses. This machine's own certificate
 * authorities go in, so that builds reach what the machine reaches.
 *
 * @param tag `trixie-slim`
 * @param place the folder in which rootfs.tar is made
 */
export async function debianRootfs(tag: string, place: string, home: Home, report: Report): Promise<void> {
  const suite = tag.replace(/-slim$/, "");
  report(`making a stand-in for debian:${tag} with mmdebstrap`);
  const program = join(await unpackDebianPackage("mmdebstrap", home.standIns), "usr/bin/mmdebstrap");
  const mirror = await debianMirror();
  const archive = join(place, "rootfs.tar");
  const hooks = [
    `--setup-hook=mkdir -p "$1/etc/dpkg/dpkg.cfg.d" && printf '%b' '${slimRules}' > "$1/etc/dpkg/dpkg.cfg.d/docker"`,
    ...(existsSync(localAuthorities) ? [`--customize-hook=copy-in ${localAuthorities} /usr/local/share`] : []),
    `--customize-hook=cd "$1" && rm -rf usr/share/doc/* usr/share/man/* usr/share/info/* etc/resolv.conf etc/hostname`,
  ];
  await execa(
    program,
    [
      ...["--mode=root", "--variant=minbase", "--format=tar", ...hooks, suite, archive],
      ...[`deb ${mirror} ${suite} main`, `deb ${mirror} ${suite}-updates main`],
    ],
    { env: { SOURCE_DATE_EPOCH: String(sourceDateEpoch) }, timeout: 10 * 60_000 },
  );
}

/** A shell and its tools, from Debian's static busybox. It has no apk. */
export async function alpineRootfs(tag: string, place: string, home: Home, report: Report): Promise<void> {
  report(`making a stand-in for alpine:${tag} from busybox`);
  const unpacked = await unpackDebianPackage("busybox-static", home.standIns);
  const folder = join(place, "unpacked");
  for (const path of ["bin", "sbin", "usr/bin", "usr/sbin", "etc", "tmp", "root", "var"]) {
    mkdirSync(join(folder, path), { recursive: true });
  }
  chmodSync(join(folder, "tmp"), 0o1777);
  const busybox = ["bin/busybox", "usr/bin/busybox"]
    .map((path) => join(unpacked, path))
    .find((path) => existsSync(path));
  if (!busybox) throw new Error("Debian's busybox-static has no busybox in it");
  cpSync(busybox, join(folder, "bin/busybox"));
  const { stdout } = await execa(busybox, ["--list"], { timeout: 10_000 });
  for (const applet of stdout.split("\n")) {
    if (applet !== "busybox") symlinkSync("/bin/busybox", join(folder, "bin", applet));
  }
  writeFileSync(join(folder, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n");
  writeFileSync(join(folder, "etc/group"), "root:x:0:\n");
  const archive = join(place, "rootfs.tar");
  const time = `--mtime=@${sourceDateEpoch}`;
  await execa(
    "tar",
    ["-C", folder, "--sort=name", "--owner=0", "--group=0", "--numeric-owner", time, "-cf", archive, "."],
    {
      timeout: 60_000,
    },
  );
}

/** The site of Debian's main archive, as this machine's apt has it. */
async function debianMirror(): Promise<string> {
  const format = "$(ORIGIN) $(LABEL) $(SITE) $(REPO_URI)";
  const { stdout } = await execa("apt-get", ["indextargets", "--format", format], { timeout: 30_000 });
  const line = stdout.split("\n").find((entry) => entry.startsWith("Debian Debian "));
  const mirror = line?.split(" ")[3];
  if (!mirror) throw new Error("apt on this machine knows no mirror of Debian; a stand-in for debian needs one");
  // It would be on a command line, and in the image.
  if (/\/\/[^/]*@/.test(mirror)) {
    throw new Error(
      "apt's address of Debian has credentials in it, which a stand-in would hold; put them into /etc/apt/auth.conf.d (man apt_auth.conf)",
    );
  }
  return mirror;
}
