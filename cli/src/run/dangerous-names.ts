/**
 * Variables that decide which code a program runs before its own first line. Whoever may write a secret could otherwise
 * run code on every machine that reads it, so these names need the word of the person who starts the program.
 */

interface DangerousName {
  readonly pattern: RegExp
  /** What the variable does, to continue "it …". */
  readonly effect: string
}

const dangerousNames: readonly DangerousName[] = [
  { pattern: /^LD_/, effect: "makes the dynamic linker load other libraries" },
  { pattern: /^DYLD_/, effect: "makes the dynamic linker of macOS load other libraries" },
  { pattern: /^(GCONV_PATH|GLIBC_TUNABLES|LOCPATH|NLSPATH)$/, effect: "makes the C library load other modules" },
  { pattern: /^(PATH|PATHEXT|COMSPEC)$/i, effect: "decides which programs are found" },
  { pattern: /^(HOME|XDG_CONFIG_HOME|XDG_CONFIG_DIRS)$/, effect: "decides which start-up files are read" },
  { pattern: /^(BASH_ENV|ENV|ZDOTDIR|FPATH)$/, effect: "makes shells run a file at start" },
  { pattern: /^(IFS|SHELLOPTS|BASHOPTS|PS4|PROMPT_COMMAND|CDPATH|SHELL)$/, effect: "changes how shells read commands" },
  { pattern: /^BASH_FUNC_/, effect: "defines functions in bash" },
  {
    pattern: /^(NODE_OPTIONS|NODE_PATH|NODE_REPL_EXTERNAL_MODULE|BUN_OPTIONS)$/,
    effect: "makes Node or Bun load other code",
  },
  // npm itself takes every spelling.
  { pattern: /^npm_config_/i, effect: "changes what npm runs" },
  { pattern: /^(CS_ENDPOINT|HALFKEY_.*)$/, effect: "decides where halfkey sends credentials, or which ones" },
  {
    pattern: /^PYTHON(PATH|HOME|STARTUP|USERBASE|BREAKPOINT|WARNINGS|INSPECT|EXECUTABLE|PLATLIBDIR)$/,
    effect: "makes Python load other code",
  },
  { pattern: /^(PERL5LIB|PERLLIB|PERL5OPT|PERL5DB)$/, effect: "makes Perl load other code" },
  { pattern: /^(RUBYOPT|RUBYLIB|GEM_PATH|GEM_HOME|BUNDLE_GEMFILE)$/, effect: "makes Ruby load other code" },
  {
    pattern: /^(JAVA_TOOL_OPTIONS|_?JAVA_OPTIONS|JDK_JAVA_OPTIONS|(JAVA|MAVEN|GRADLE|SBT|CATALINA)_OPTS|CLASSPATH)$/,
    effect: "makes Java load other code",
  },
  { pattern: /^(PHPRC|PHP_INI_SCAN_DIR)$/, effect: "makes PHP load other code" },
  { pattern: /^LUA_(PATH|CPATH|INIT)(_\d+_\d+)?$/, effect: "makes Lua load other code" },
  {
    pattern: /^(DOTNET_STARTUP_HOOKS|DOTNET_ADDITIONAL_DEPS|DOTNET_SHARED_STORE)$/,
    effect: "makes .NET load other code",
  },
  { pattern: /^(CORECLR|COR|DOTNET)_(ENABLE_PROFILING|PROFILER.*)$/, effect: "makes .NET load a profiler" },
  {
    pattern: /^(ERL_(AFLAGS|FLAGS|ZFLAGS|LIBS)|R_(PROFILE|ENVIRON)(_USER)?|R_LIBS.*|JULIA_(LOAD_PATH|DEPOT_PATH))$/,
    effect: "makes an interpreter load other code",
  },
  { pattern: /^(OPENSSL_CONF|OPENSSL_ENGINES|OPENSSL_MODULES)$/, effect: "makes OpenSSL load other modules" },
  {
    pattern: /^(GTK_MODULES|GTK_PATH|QT_PLUGIN_PATH|QML2_IMPORT_PATH|GIO_EXTRA_MODULES)$/,
    effect: "makes graphical programs load other modules",
  },
  {
    pattern: /^(EDITOR|VISUAL|PAGER|BROWSER|LESSOPEN|LESSCLOSE|MANPAGER)$/,
    effect: "names a program that others start",
  },
  {
    pattern:
      /^GIT_(SSH|SSH_COMMAND|EXEC_PATH|EDITOR|SEQUENCE_EDITOR|PAGER|ASKPASS|EXTERNAL_DIFF|PROXY_COMMAND|TEMPLATE_DIR|CONFIG.*)$/,
    effect: "makes git start another program",
  },
  { pattern: /^(PYTEST_ADDOPTS|PYTEST_PLUGINS|GOFLAGS)$/, effect: "makes a tool load other code" },
  { pattern: /^(VIMINIT|EXINIT|TAR_OPTIONS|RSYNC_RSH|CVS_RSH|SVN_SSH)$/, effect: "holds commands that a tool runs" },
  {
    pattern: /^(SSH_ASKPASS|SUDO_ASKPASS|RUSTC_WRAPPER|RUSTC_WORKSPACE_WRAPPER|MAKEFLAGS|CARGO_.*_RUNNER)$/,
    effect: "names a program that others start",
  },
]

/** What the variable would do, or `undefined` for an ordinary name. */
export function dangerOf(name: string): string | undefined {
  return dangerousNames.find(({ pattern }) => pattern.test(name))?.effect
}
