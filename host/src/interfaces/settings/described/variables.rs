//! The environment variables.

use super::Variable;

const fn variable(name: &'static str, default: &'static str, meaning: &'static str) -> Variable {
    Variable { name, default, meaning }
}

/// All of them, in the order in which the reference has them.
pub const VARIABLES: &[Variable] = &[
    variable("BATON_CONFIG", "`baton/baton.toml` in the configuration folder", "File with your settings."),
    variable("BATON_DATA_DIR", "`baton` in the data folder", "Directory for runs, journals and plugins. `--data-dir` overrides it."),
    variable(
        "BATON_LOG",
        "`warn`",
        "What the host logs to standard error: a level such as `debug`, or directives such as `baton::kernel=trace`. See [logging](../logging.md).",
    ),
    variable("BATON_LISTEN", "", "Overrides `api.listen`."),
    variable("BATON_MODEL", "", "Overrides `models.default`, also that of the project."),
    variable(
        "BATON_SECRET_KEY",
        "the key file in the state folder",
        "Key that encrypts secrets: 32 bytes, as 64 hexadecimal digits or base64. See [secrets](../providers.md#keys-and-secrets).",
    ),
    variable(
        "BATON_SERVER",
        "",
        "URL of a server on which commands are done, instead of on the data of this machine. `--server` and `--data-dir` override it. See [a client of a server](../client.md).",
    ),
    variable("BATON_TOKEN", "what `baton login` keeps", "Token that commands show to a server."),
    variable("BATON_USER", "`operator`, then your user name", "Name in the audit log for decisions about plugins."),
    variable(
        "BATON_FREEZE_AFTER_WRITES",
        "",
        "Fault injection for tests, in builds for development or with the feature `fault-injection`; others reject it. The journal stops after this many writes, such as `12`, or after this many of one kind, such as `3 llm.complete done`. The data directory then has a file `frozen`.",
    ),
    variable(
        "BATON_HASTE",
        "1",
        "Fault injection for tests, in the same builds: a model call that is to be tried again, or whose service does not answer, waits a fraction of the usual time: one hundredth with `100`.",
    ),
    variable(
        "BATON_CLOCK_FILE",
        "",
        "Fault injection for tests, in the same builds: a file with milliseconds that are added to the time of the machine's clock. It is read again each time.",
    ),
    variable("ANTHROPIC_API_KEY", "the secret of this name", "Key for `anthropic/…`."),
    variable("ANTHROPIC_BASE_URL", "`https://api.anthropic.com/v1/`", "Address for `anthropic/…`."),
    variable("OPENAI_API_KEY", "the secret of this name", "Key for `openai/…`."),
    variable("OPENAI_BASE_URL", "`https://api.openai.com/v1/`", "Address for `openai/…`."),
    variable("GEMINI_API_KEY", "the secret of this name", "Key for `gemini/…`."),
    variable("GEMINI_BASE_URL", "`https://generativelanguage.googleapis.com/v1beta/`", "Address for `gemini/…`."),
    variable("OLLAMA_BASE_URL", "`http://localhost:11434/v1`", "Address for `ollama/…`, which needs no key."),
    variable("GITHUB_TOKEN", "the secret of this name", "Token for pull requests on GitHub, unless `[forge]` names another."),
    variable("HTTPS_PROXY", "", "Proxy for encrypted connections to model providers and registries. `https_proxy` works as well."),
    variable(
        "NO_PROXY",
        "",
        "Hosts that are reached without the proxy, separated by commas. `no_proxy` works as well. This machine is never reached through a proxy.",
    ),
    variable("DOCKER_HOST", "`/var/run/docker.sock`", "Socket of the container engine, where `sandbox.socket` is not set."),
    variable("DOCKER_CONFIG", "`~/.docker`", "Folder of the `config.json` in which `docker login` keeps registry logins."),
    variable(
        "PATH",
        "",
        "Where the host finds `git`, and, with `sandbox.engine = \"process\"`, the programs of commands. Passed to MCP servers.",
    ),
    variable("HOME", "", "Your home directory. Passed to `git` and to MCP servers."),
    variable("LANG", "", "Passed to MCP servers."),
    variable("TMPDIR", "", "Passed to MCP servers."),
    variable("SSH_AUTH_SOCK", "", "SSH agent for `git push`."),
    variable("USER", "`LOGNAME`, then `USERNAME`", "Your user name, for `operator`."),
    variable("XDG_CACHE_HOME", "`~/.cache`", "Cache folder: `baton/compiled` holds compiled plugins, for all data directories."),
    variable("XDG_CONFIG_HOME", "`~/.config`", "Configuration folder."),
    variable("XDG_DATA_HOME", "`~/.local/share`", "Data folder."),
    variable("XDG_STATE_HOME", "`~/.local/state`", "State folder: `baton/cache.key` and `baton/secret.key`."),
    variable("NO_COLOR", "", "Switches colours off where `--color` is `auto`."),
];
