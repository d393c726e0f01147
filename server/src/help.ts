/** What `halfkey-server --help` prints. */
import { problemCodes } from "@halfkey/core/formats/problem-codes"
import { version } from "./version.ts"

/** What the exit codes of the table mean for a server's operator. A test holds both together. */
export const exitCodes: Readonly<Record<number, string>> = {
  0: "done, or stopped by a signal as asked",
  1: "an unexpected failure, or stopped before everything was finished",
  2: "an argument or a setting is not usable; nothing was changed",
  5: "a key came or went meanwhile: repeat the command; nothing was changed",
  6: "the disk is full; nothing was changed",
  7: "the database, a backup or the root key is damaged, or they do not belong together",
}

/** Exit codes of the failures that can end this program, by the table. */
export function possibleExits(): ReadonlySet<number> {
  const codes = [
    "invalid_argument",
    "missing_configuration",
    "invalid_configuration",
    "port_in_use",
    "data_directory_in_use",
    "insecure_listen",
    "root_key_mismatch",
    "revision_conflict",
    "database_too_new",
    "database_damaged",
    "backup_damaged",
    "storage_full",
    "unexpected",
  ] as const
  return new Set([0, ...codes.map((code) => problemCodes[code].exit)])
}

export const help = `halfkey-server ${version}

  halfkey-server                         serve until SIGTERM or SIGINT; a second one ends it at once
  halfkey-server setup-token             write a new one-time setup token into the data directory, for a further workspace
  halfkey-server root-key rotate         wrap every key of a stopped server by a new root key
  halfkey-server token-key rotate        sign access tokens with a new key; with --at-once every earlier token is void
  halfkey-server checkpoint-key rotate   make a new key for audit checkpoints, which granters then take up
  halfkey-server audit archive           move audit entries from before a time into files: --before TIME --to DIRECTORY
  halfkey-server backup FILE             seal everything into one new file, beside a running server; --passphrase-file FILE
                                         seals it under a passphrase instead of the root key
  halfkey-server restore FILE            put a backup in the place of a stopped server's database, after it was checked;
                                         --dry-run only checks it, --replace moves a database aside that is there
  halfkey-server check                   look whether everything in the database is what it should be; -o json
  halfkey-server migrate                 bring the database of a stopped server to this version's schema, as the next start
                                         does by itself; --dry-run tries it on a copy
  halfkey-server --version               print the version
  halfkey-server --help                  print this

Settings are variables of the environment, the same for every command:

  HALFKEY_DATA_DIR          where everything is kept (./.halfkey)
  HALFKEY_HOST              address to listen on (127.0.0.1)
  HALFKEY_PORT              port to listen on (4253); 0 takes any free one
  HALFKEY_DATABASE_URL      sqlite:<path> (sqlite:<data directory>/halfkey.db), or, for several servers on one database,
                            postgres://USER@HOST/DATABASE?sslmode=…&sslrootcert=FILE
  HALFKEY_DATABASE_PASSWORD_FILE      file with the password for PostgreSQL, in the place of one in the URL
  HALFKEY_DATABASE_POOL     most connections to PostgreSQL for requests (10); two more have other work
  HALFKEY_DATABASE_STATEMENT_TIMEOUT  seconds that a statement may take (10)
  HALFKEY_DATABASE_START_TIMEOUT      seconds that a start waits for PostgreSQL (60)
  HALFKEY_REGION            <region>.<provider> of its workspaces (local.self)
  HALFKEY_LOG_LEVEL         fatal, error, warn, info, debug, trace or silent (info)
  HALFKEY_ROOT_KEY          root key, 32 bytes as base64url; or
  HALFKEY_ROOT_KEY_FILE     file with the root key (<data directory>/root.key, made at the first start); or
  HALFKEY_ROOT_KEY_PASSPHRASE_FILE    file with a passphrase that the root key is made from
  HALFKEY_NEW_ROOT_KEY, HALFKEY_NEW_ROOT_KEY_FILE, HALFKEY_NEW_ROOT_KEY_PASSPHRASE_FILE
                            what the three above will be after root-key rotate; a file that is missing is made
  HALFKEY_VALUE_MAX_LENGTH  most bytes of a secret's value (65536, up to 1048576)
  HALFKEY_DESTROY_AFTER_DAYS  days in which a destroyed environment can be undone (7); 0 destroys at once
  HALFKEY_RATE_LIMIT        requests a second of each API key or device (2000; bursts of five times as many); 0 is no limit
  HALFKEY_RATE_LIMIT_REFUSED  refused credentials a second of each address (50; bursts of twenty times as many); 0 is no limit
  HALFKEY_AUDIT_STREAM_FILE audit entries are appended to this file too, one JSON object a line; SIGHUP opens it again
  HALFKEY_AUDIT_WEBHOOK_URL audit entries are sent to this URL too, signed with
  HALFKEY_AUDIT_WEBHOOK_SECRET_FILE   a secret of 32 characters or more
  HALFKEY_TLS_CERT, HALFKEY_TLS_KEY   files in PEM form; together they turn on TLS
  HALFKEY_TRUSTED_PROXIES   addresses or networks whose X-Forwarded-For is believed, with commas between
  HALFKEY_ALLOW_INSECURE_LISTEN=1     listen beyond loopback without TLS
  HALFKEY_ALLOW_SHARED_DATA_DIR=1     use a data directory that its group may write to

Examples:

  HALFKEY_DATA_DIR=/var/lib/halfkey halfkey-server                     serve from a directory of its own
  HALFKEY_DATA_DIR=/var/lib/halfkey halfkey-server token-key rotate    while the server runs
  HALFKEY_DATA_DIR=/var/lib/halfkey halfkey-server root-key rotate     while it is stopped: replaces root.key
  HALFKEY_DATA_DIR=/var/lib/halfkey halfkey-server backup /mnt/backups/halfkey.backup    every night

Exit codes:

${Object.entries(exitCodes)
  .map(([code, meaning]) => `  ${code}  ${meaning}\n`)
  .join("")}`
