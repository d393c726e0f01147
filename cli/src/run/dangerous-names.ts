/**
 * Variables that decide which code a program runs before its own first line. Whoever may write a secret could otherwise
 * run code on every machine that reads it, so these names need the word of the person who starts the program.
 */

interface DangerousNames {
  /** Separated by spaces. */
  readonly names?: string
  /** Of names, separated by spaces. */
  readonly prefixes?: string
  /** For what is neither: the first use of each pattern costs `run` more than looking up all the names. */
  readonly pattern?: RegExp
  /** Whether other spellings are the same name to the programs that read it. */
  readonly anyCase?: boolean
  /** What such a variable does, to continue "it …". */
  readonly effect: string
}

const dangerousNames: readonly DangerousNames[] = [
  { prefixes: "LD_", effect: "makes the dynamic linker load other libraries" },
  { prefixes: "DYLD_", effect: "makes the dynamic linker of macOS load other libraries" },
  { names: "GCONV_PATH GLIBC_TUNABLES LOCPATH NLSPATH", effect: "makes the C library load other modules" },
  { names: "PATH PATHEXT COMSPEC", anyCase: true, effect: "decides which programs are found" },
  { names: "HOME XDG_CONFIG_HOME XDG_CONFIG_DIRS", effect: "decides which start-up files are read" },
  { names: "BASH_ENV ENV ZDOTDIR FPATH", effect: "makes shells run a file at start" },
  { names: "IFS SHELLOPTS BASHOPTS PS4 PROMPT_COMMAND CDPATH SHELL", effect: "changes how shells read commands" },
  { prefixes: "BASH_FUNC_", effect: "defines functions in bash" },
  {
    names: "NODE_OPTIONS NODE_PATH NODE_COMPILE_CACHE NODE_REPL_EXTERNAL_MODULE BUN_OPTIONS",
    effect: "makes Node or Bun load other code",
  },
  { names: "DENO_DIR", effect: "makes Deno load other code" },
  // npm itself takes every spelling.
  { prefixes: "NPM_CONFIG_", anyCase: true, effect: "changes what npm runs" },
  {
    names: "CS_ENDPOINT",
    prefixes: "HALFKEY_",
    effect: "decides where halfkey sends credentials, or which ones",
  },
  {
    names:
      "PYTHONPATH PYTHONHOME PYTHONSTARTUP PYTHONUSERBASE PYTHONBREAKPOINT PYTHONWARNINGS PYTHONINSPECT PYTHONEXECUTABLE PYTHONPLATLIBDIR PYTHONPYCACHEPREFIX",
    effect: "makes Python load other code",
  },
  { names: "PERL5LIB PERLLIB PERL5OPT PERL5DB", effect: "makes Perl load other code" },
  { names: "RUBYOPT RUBYLIB GEM_PATH GEM_HOME BUNDLE_GEMFILE", effect: "makes Ruby load other code" },
  {
    names:
      "JAVA_TOOL_OPTIONS JAVA_OPTIONS _JAVA_OPTIONS JDK_JAVA_OPTIONS JAVA_OPTS MAVEN_OPTS GRADLE_OPTS SBT_OPTS CATALINA_OPTS CLASSPATH",
    effect: "makes Java load other code",
  },
  { names: "PHPRC PHP_INI_SCAN_DIR", effect: "makes PHP load other code" },
  { pattern: /^LUA_(PATH|CPATH|INIT)(_\d+_\d+)?$/, effect: "makes Lua load other code" },
  {
    names: "DOTNET_STARTUP_HOOKS DOTNET_ADDITIONAL_DEPS DOTNET_SHARED_STORE",
    effect: "makes .NET load other code",
  },
  {
    names: "CORECLR_ENABLE_PROFILING COR_ENABLE_PROFILING DOTNET_ENABLE_PROFILING",
    prefixes: "CORECLR_PROFILER COR_PROFILER DOTNET_PROFILER",
    effect: "makes .NET load a profiler",
  },
  {
    names:
      "ERL_AFLAGS ERL_FLAGS ERL_ZFLAGS ERL_LIBS R_PROFILE R_PROFILE_USER R_ENVIRON R_ENVIRON_USER JULIA_LOAD_PATH JULIA_DEPOT_PATH",
    prefixes: "R_LIBS",
    effect: "makes an interpreter load other code",
  },
  { names: "OPENSSL_CONF OPENSSL_ENGINES OPENSSL_MODULES", effect: "makes OpenSSL load other modules" },
  {
    names: "GTK_MODULES GTK_PATH QT_PLUGIN_PATH QML2_IMPORT_PATH GIO_EXTRA_MODULES",
    effect: "makes graphical programs load other modules",
  },
  {
    names: "EDITOR VISUAL PAGER BROWSER LESSOPEN LESSCLOSE MANPAGER",
    effect: "names a program that others start",
  },
  {
    names:
      "GIT_DIR GIT_SSH GIT_SSH_COMMAND GIT_EXEC_PATH GIT_EDITOR GIT_SEQUENCE_EDITOR GIT_PAGER GIT_ASKPASS GIT_EXTERNAL_DIFF GIT_PROXY_COMMAND GIT_TEMPLATE_DIR",
    prefixes: "GIT_CONFIG",
    effect: "makes git start another program",
  },
  { names: "PYTEST_ADDOPTS PYTEST_PLUGINS GOFLAGS", effect: "makes a tool load other code" },
  { names: "VIMINIT EXINIT TAR_OPTIONS RSYNC_RSH CVS_RSH SVN_SSH", effect: "holds commands that a tool runs" },
  {
    names: "SSH_ASKPASS SUDO_ASKPASS RUSTC_WRAPPER RUSTC_WORKSPACE_WRAPPER MAKEFLAGS",
    pattern: /^CARGO_.*_RUNNER$/,
    effect: "names a program that others start",
  },
]

/** By name, so that an ordinary one, as most are, costs a look-up; those of any case in capitals. */
const byName = new Map<string, DangerousNames>()
const byPrefix: (readonly [string, DangerousNames])[] = []
const byPattern: (readonly [RegExp, DangerousNames])[] = []
for (const row of dangerousNames) {
  for (const name of row.names?.split(" ") ?? []) byName.set(name, row)
  for (const prefix of row.prefixes?.split(" ") ?? []) byPrefix.push([prefix, row])
  if (row.pattern !== undefined) byPattern.push([row.pattern, row])
}

/** What the variable would do, or `undefined` for an ordinary name. */
export function dangerOf(name: string): string | undefined {
  const capitals = name.toUpperCase()
  const named = byName.get(capitals)
  if (named !== undefined && (named.anyCase || name === capitals)) return named.effect
  for (const [prefix, { anyCase, effect }] of byPrefix) {
    if ((anyCase ? capitals : name).startsWith(prefix)) return effect
  }
  for (const [pattern, { effect }] of byPattern) if (pattern.test(name)) return effect
  return undefined
}
