/** Why a file could not be read, in words: its code alone says nothing to whoever does not program. */

const reasons: Readonly<Record<string, string>> = {
  EACCES: "no permission",
  EISDIR: "it is a directory",
  ENOENT: "no such file",
  ENOTDIR: "no such file",
  ENXIO: "nobody is at its other end",
  EPERM: "no permission",
}

/** Such as `no such file (ENOENT)`. */
export function fileReason(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException
  if (code === undefined) return "unknown reason"
  const words = Object.hasOwn(reasons, code) ? reasons[code] : undefined
  return words === undefined ? code : `${words} (${code})`
}
