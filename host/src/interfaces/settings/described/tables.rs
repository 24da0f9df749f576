//! The settings, table by table.

use super::{
    Layer::{Both, User},
    Setting, Table,
};

const fn setting(key: &'static str, kind: &'static str, default: &'static str, meaning: &'static str) -> Setting {
    Setting { key, kind, default, meaning }
}

const WHOLE: &str = "whole number above 0";
const TEXT: &str = "string";
const TRUTH: &str = "`true` or `false`";
const MODELS: &str = "model, alias, or list of them";
const DOLLARS: &str = "number from 0";

const LIMITS: &[Setting] = &[
    setting("memory-mib", WHOLE, "64", "Memory of one run, in MiB."),
    setting("guest-time-ms", WHOLE, "5000", "Computing time of one execution, in milliseconds. Time in host calls does not count."),
    setting("wall-time-s", WHOLE, "3600", "Time of one execution in all, in seconds."),
    setting("payload-mib", WHOLE, "8", "Size of one request or answer of a host call, in MiB."),
    setting("calls", WHOLE, "100000", "Host calls of one run."),
    setting("runs", WHOLE, "2000", "Runs of one tree: the run that you started, and all that it started."),
    setting("concurrent-runs", WHOLE, "", "Executions of one plugin at the same time."),
    setting("grace-s", WHOLE, "10", "Time that a run which is being cancelled has to put things in order, in seconds."),
    setting("traps", WHOLE, "5", "Runs in a row that may trap before the host stops the plugin."),
];

const SLOT: &[Setting] =
    &[setting("SLOT", "name of a plugin", "the slot's default", "Fills this slot, such as `developer` or `code-review`.")];

const FORGE_OF_A_PROJECT: &[Setting] = &[
    setting("kind", "`\"local\"` or `\"github\"`", "as in `[forge]`", "Where the project's pull requests are."),
    setting("repository", "`\"OWNER/NAME\"`", "as in `[forge]`", "The project's repository on GitHub."),
    setting("auto-merge", TRUTH, "as in `[forge]`", "Whether runs may merge in this project."),
];

/// All of them, in the order in which the reference has them.
pub const TABLES: &[Table] = &[
    Table {
        name: "",
        meaning: "Settings outside of a table.",
        layer: Both,
        settings: &[
            setting(
                "operator",
                TEXT,
                "your user name",
                "Name in the audit log for decisions about plugins. `BATON_USER` overrides it. Read from your settings only.",
            ),
            setting(
                "model",
                MODELS,
                "",
                "Model for every request that names none, before `plugins.NAME.model` and `models.default`. `--model` sets it for one run; prefer `models.default` in a file.",
            ),
        ],
        example: "operator = \"ada\"\nmodel = \"anthropic/claude-sonnet-5\"\n",
    },
    Table {
        name: "models",
        meaning: "Which model answers, and names for models. See [providers](../providers.md#which-model-is-asked).",
        layer: Both,
        settings: &[
            setting("default", MODELS, "", "Model for requests that name none. `BATON_MODEL` overrides it."),
            setting("ALIAS", MODELS, "", "Gives a model, or a list of models, a name without a slash."),
            setting(
                "stream",
                TRUTH,
                "true",
                "Whether replies are streamed where they can be watched: by a command on a terminal, and by a host that serves the API. Read from your settings only.",
            ),
            setting(
                "uncertain",
                "`retry` or `pause`",
                "`retry`",
                "What becomes of a call that broke off and may have been charged: it is made again, at most twice with the same model, or the run is paused. See [providers](../providers.md#when-a-call-may-have-been-charged).",
            ),
        ],
        example: "[models]\ndefault = [\"anthropic/claude-sonnet-5\", \"openai/gpt-6\"]\nfast = \"anthropic/claude-haiku-5\"\nstream = false\nuncertain = \"pause\"\n",
    },
    Table {
        name: "providers.NAME",
        meaning: "A service that answers for models, asked as `NAME/MODEL`. See [providers](../providers.md).",
        layer: User,
        settings: &[
            setting("base-url", "URL", "required", "Address up to and including the version, such as `http://127.0.0.1:8000/v1`."),
            setting(
                "protocol",
                "`\"chat-completions\"`, `\"responses\"`, `\"messages\"` or `\"generate-content\"`",
                "`\"chat-completions\"`",
                "What the service speaks: OpenAI's chat completions or responses, Anthropic's messages, or Gemini's generateContent.",
            ),
            setting("key-env", "name", "", "Environment variable that holds the key; where it is not set, the secret of that name."),
            setting("key-secret", "name", "", "Secret that holds the key."),
        ],
        example: "[providers.lab]\nbase-url = \"https://lab.example/v1\"\nprotocol = \"chat-completions\"\nkey-env = \"LAB_KEY\"\nkey-secret = \"LAB\"\n",
    },
    Table {
        name: "prices.\"PROVIDER/MODEL\"",
        meaning: "Prices in dollars per million tokens, over those that come with Baton. Read again while a run waits for a price. See [budgets](../budgets.md#prices).",
        layer: User,
        settings: &[
            setting("input", DOLLARS, "required", "Tokens sent."),
            setting("output", DOLLARS, "required", "Tokens received."),
            setting("cached-input", DOLLARS, "as `input`", "Tokens sent that the provider had in its cache."),
            setting("cache-write", DOLLARS, "as `input`", "Tokens sent that the provider put into its cache."),
        ],
        example: "[prices.\"openai/gpt-5-mini\"]\ninput = 0.25\noutput = 2.0\ncached-input = 0.025\ncache-write = 0.25\n",
    },
    Table {
        name: "abilities.\"PROVIDER/MODEL\"",
        meaning: "What a model can do, over the table that comes with Baton. See [providers](../providers.md#what-models-can-do).",
        layer: User,
        settings: &[
            setting("window-tokens", WHOLE, "from the table, else 16384", "Tokens of a request and its reply together, from 1024."),
            setting("max-output-tokens", WHOLE, "from the table, else 4096", "Tokens of the longest reply, reasoning included, from 64."),
            setting("tools", TRUTH, "true", "The model calls tools."),
            setting("reply-schema", TRUTH, "from the table, else false", "The provider holds a reply to a schema."),
            setting("temperature", TRUTH, "from the table, else true", "The model accepts a temperature."),
            setting(
                "effort",
                "list of `\"low\"`, `\"medium\"`, `\"high\"`",
                "from the table, else all",
                "How long the model may be told to reason.",
            ),
            setting("prompt-cache", TRUTH, "true", "The provider keeps the marked beginning of a conversation. Used for `anthropic/…`."),
        ],
        example: "[abilities.\"ollama/qwen3\"]\nwindow-tokens = 32768\nmax-output-tokens = 8192\ntools = true\nreply-schema = true\ntemperature = true\neffort = [\"low\", \"high\"]\nprompt-cache = true\n",
    },
    Table {
        name: "runs",
        meaning: "How the host executes runs.",
        layer: User,
        settings: &[setting("at-once", WHOLE, "64", "Executions at the same time.")],
        example: "[runs]\nat-once = 16\n",
    },
    Table {
        name: "limits",
        meaning: "What one run of a plugin may use. See [limits](../grants-and-limits.md#limits) for what happens when one is reached.",
        layer: User,
        settings: LIMITS,
        example: "[limits]\nmemory-mib = 64\nguest-time-ms = 2000\nwall-time-s = 3600\npayload-mib = 8\ncalls = 100000\nruns = 2000\nconcurrent-runs = 8\ngrace-s = 10\ntraps = 5\n",
    },
    Table {
        name: "plugins.NAME",
        meaning: "Settings for one plugin.",
        layer: Both,
        settings: &[setting("model", MODELS, "`models.default`", "Model for this plugin's requests that name none.")],
        example: "[plugins.mary]\nmodel = \"fast\"\n",
    },
    Table {
        name: "plugins.NAME.limits",
        meaning: "Limits of one plugin, over `[limits]`.",
        layer: User,
        settings: LIMITS,
        example: "[plugins.my-agent.limits]\nmemory-mib = 128\nguest-time-ms = 10000\nwall-time-s = 7200\npayload-mib = 16\ncalls = 1000\nruns = 100\nconcurrent-runs = 2\ngrace-s = 60\ntraps = 3\n",
    },
    Table {
        name: "bindings",
        meaning: "The plugin that fills a slot, for all projects. See [bindings](../bindings.md). What a project's own file says of it is a proposal.",
        layer: User,
        settings: SLOT,
        example: "[bindings]\ndeveloper = \"amelia\"\ncode-review = \"code-review\"\n",
    },
    Table {
        name: "bindings.labels.LABEL",
        meaning: "The same for stories with a label.",
        layer: User,
        settings: SLOT,
        example: "[bindings.labels.frontend]\ndeveloper = \"bob\"\n",
    },
    Table {
        name: "bindings.projects.PROJECT",
        meaning: "The same for one project, by the name that `baton project list` shows, or by its id.",
        layer: User,
        settings: SLOT,
        example: "[bindings.projects.shop]\ndeveloper = \"amelia\"\n",
    },
    Table {
        name: "bindings.projects.PROJECT.labels.LABEL",
        meaning: "The same for stories of one project with a label.",
        layer: User,
        settings: SLOT,
        example: "[bindings.projects.shop.labels.frontend]\ndeveloper = \"bob\"\n",
    },
    Table {
        name: "compile",
        meaning: "What compiling one plugin may use. A plugin that needs more is rejected.",
        layer: User,
        settings: &[setting("time-s", WHOLE, "60", "Processor time, in seconds."), setting("memory-mib", WHOLE, "2048", "Memory, in MiB.")],
        example: "[compile]\ntime-s = 120\nmemory-mib = 4096\n",
    },
    Table {
        name: "mcp.NAME",
        meaning: "An MCP server, whose tools are named `NAME.TOOL`. `NAME` consists of at most 64 lower-case letters, digits and dashes. Set either `command` or `url`. See [tools](../tools.md).",
        layer: User,
        settings: &[
            setting(
                "command",
                "list of strings",
                "",
                "Program and arguments of a server that speaks over standard input and output. It runs as you, outside of any sandbox.",
            ),
            setting(
                "env",
                "list of names",
                "`[]`",
                "Environment variables to pass to the program, in addition to `PATH`, `HOME`, `LANG` and `TMPDIR`; where one is not set, the secret of that name.",
            ),
            setting("url", "URL", "", "Address of a server that speaks Streamable HTTP."),
            setting(
                "token-env",
                "name",
                "",
                "Environment variable that holds the bearer token for `url`; where it is not set, the secret of that name.",
            ),
        ],
        example: "[mcp.everything]\ncommand = [\"npx\", \"-y\", \"@modelcontextprotocol/server-everything\"]\nenv = [\"EVERYTHING_KEY\"]\n\n[mcp.search]\nurl = \"https://search.example/mcp\"\ntoken-env = \"SEARCH_TOKEN\"\n",
    },
    Table {
        name: "sandbox",
        meaning: "How commands are executed. See [sandbox](../sandbox.md).",
        layer: User,
        settings: &[
            setting(
                "engine",
                "`\"docker\"` or `\"process\"`",
                "`\"docker\"`",
                "Containers of a Docker-compatible engine, or plain processes. Processes isolate nothing.",
            ),
            setting("socket", "absolute path", "`DOCKER_HOST`, then `/var/run/docker.sock`", "Socket of the engine."),
            setting("at-once", WHOLE, "4", "Commands at the same time, of all runs."),
            setting("keep-free-mib", WHOLE, "512", "Space to keep free on the workspace's disk, in MiB. A command is stopped below it."),
            setting(
                "docker-hub",
                "registry",
                "Docker Hub",
                "Registry that images of environments are fetched from in place of Docker Hub.",
            ),
        ],
        example: "[sandbox]\nengine = \"docker\"\nsocket = \"/run/user/1000/docker.sock\"\nat-once = 4\nkeep-free-mib = 1024\ndocker-hub = \"mirror.example:5000\"\n",
    },
    Table {
        name: "sandbox.images.NAME",
        meaning: "An image for commands, which plugins ask for by `NAME`. `default` is the image of commands that name none; `project` is the image of the project's \
                  [environment](../environments.md), which this table limits.",
        layer: User,
        settings: &[
            setting(
                "image",
                "image reference",
                "required, but for `project`; `\"debian:stable-slim\"` for `default`",
                "The image, as the engine knows it.",
            ),
            setting("network", TRUTH, "false", "Whether containers reach the network."),
            setting("memory-mib", WHOLE, "2048", "Memory of a container, in MiB. Temporary files count."),
            setting("cpus", "number from 0.01 to 4096", "2", "Processors."),
            setting("processes", WHOLE, "512", "Processes and threads."),
            setting("temporary-mib", WHOLE, "512", "Size of each folder for temporary files, in MiB."),
            setting("timeout-s", WHOLE, "3600", "Longest time a command may ask for, in seconds."),
            setting("ready", TRUTH, "true", "Whether a container is kept ready for the next command of a workspace."),
        ],
        example: "[sandbox.images.rust]\nimage = \"rust:1.95-slim\"\nnetwork = false\nmemory-mib = 4096\ncpus = 1.5\nprocesses = 512\ntemporary-mib = 512\ntimeout-s = 1800\nready = true\n",
    },
    Table {
        name: "forge",
        meaning: "Where pull requests are, and who merges them. See [forge](../forge.md).",
        layer: User,
        settings: &[
            setting("kind", "`\"local\"` or `\"github\"`", "`\"local\"`", "Whether pull requests are kept by the host or on GitHub."),
            setting("repository", "`\"OWNER/NAME\"`", "required for GitHub", "The repository on GitHub."),
            setting(
                "auto-merge",
                TRUTH,
                "true for local pull requests, false on GitHub",
                "Whether runs may merge what is approved and green.",
            ),
            setting("base-url", "URL", "`\"https://api.github.com\"`", "Address of the API, of a GitHub Enterprise Server for example."),
            setting("token-env", "name", "`GITHUB_TOKEN`", "Environment variable that holds the token."),
            setting("token-secret", "name", "`GITHUB_TOKEN`", "Secret that holds the token."),
        ],
        example: "[forge]\nkind = \"github\"\nrepository = \"ada/engine\"\nauto-merge = false\nbase-url = \"https://github.example.com/api/v3\"\ntoken-env = \"GH_TOKEN\"\ntoken-secret = \"GITHUB\"\n",
    },
    Table {
        name: "forge.projects.PROJECT",
        meaning: "The same for one project, by the name that `baton project list` shows, or by its id.",
        layer: User,
        settings: FORGE_OF_A_PROJECT,
        example: "[forge.projects.shop]\nkind = \"github\"\nrepository = \"ada/shop\"\nauto-merge = true\n",
    },
    Table {
        name: "registries.\"HOST\"",
        meaning: "A registry of plugins, by its host and port. See [distribution](../distribution.md#logging-in-and-registries-without-encryption).",
        layer: User,
        settings: &[
            setting("user", TEXT, "the login of `docker login`", "User name. Needs `password-env`."),
            setting("password-env", "name", "", "Environment variable that holds the password."),
            setting("insecure", TRUTH, "false", "Connects without encryption."),
        ],
        example: "[registries.\"ghcr.io\"]\nuser = \"you\"\npassword-env = \"GHCR_TOKEN\"\n\n[registries.\"builder.lan:5000\"]\ninsecure = true\n",
    },
    Table {
        name: "signatures",
        meaning: "Whose plugins the host accepts. See [signatures](../distribution.md#signatures).",
        layer: User,
        settings: &[
            setting(
                "policy",
                "`\"off\"`, `\"warn\"` or `\"require\"`",
                "`\"warn\"`",
                "What happens to plugins that are not signed by one of your keys.",
            ),
            setting("keys.NAME", "public key", "", "A key you trust, in base64 or hexadecimal, under a name of your choice."),
        ],
        example: "[signatures]\npolicy = \"require\"\n\n[signatures.keys]\nada = \"11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"\n",
    },
    Table {
        name: "git",
        meaning: "How runs use the repository. See [git](../git.md).",
        layer: Both,
        settings: &[
            setting("remote", TEXT, "`\"origin\"`", "Remote that `git.push` pushes to."),
            setting("lfs-pointers", TRUTH, "false", "Whether stories are worked on where files of Git LFS are their pointers."),
        ],
        example: "[git]\nremote = \"upstream\"\nlfs-pointers = true\n",
    },
    Table {
        name: "knowledge",
        meaning: "What plugins find with `knowledge.search`.",
        layer: Both,
        settings: &[setting(
            "documents",
            "list of globs",
            "`[\"*.md\", \"docs/**/*.md\", \"docs/**/*.txt\"]`",
            "Documents of the workspace that are searched. `docs/stories/` is searched only if a glob names it.",
        )],
        example: "[knowledge]\ndocuments = [\"*.md\", \"handbook/**/*.md\"]\n",
    },
    Table {
        name: "api",
        meaning: "Where `baton serve` listens, and whom it lets in. See [API](../api.md).",
        layer: User,
        settings: &[
            setting(
                "listen",
                "address with port",
                "`\"127.0.0.1:7788\"`",
                "Where it listens. Beyond loopback only with `tls` or `proxies`.",
            ),
            setting("hosts", "list of names", "none", "Names by which clients reach the host, beside its addresses and `localhost`."),
            setting("origins", "list of origins", "none", "Web pages that may use the API, beside the host's own."),
            setting("proxies", "list of addresses", "none", "Proxies that end TLS, and whose `X-Forwarded-For` is believed."),
            setting("tls.certificate", "path", "", "The certificate, in PEM format. It is loaded again when the file changes."),
            setting("tls.key", "path", "", "The key of the certificate, in PEM format."),
            setting("project-roots", "list of folders", "none", "Folders below which clients may add projects."),
            setting("private-repositories", TRUTH, "false", "Whether clients may add projects from repositories on private networks."),
            setting("user-rate", WHOLE, "100", "Requests of one user in a minute."),
            setting("address-rate", WHOLE, "1000", "Requests from one address in a minute."),
            setting("streams", WHOLE, "8", "Streams of events that one user may have open at once."),
        ],
        example: "[api]\nlisten = \"0.0.0.0:7788\"\nhosts = [\"baton.example.com\"]\norigins = [\"https://baton.example.com\"]\nproxies = [\"10.0.0.1\"]\nproject-roots = [\"/srv/projects\"]\nprivate-repositories = false\nuser-rate = 100\naddress-rate = 1000\nstreams = 8\n\n[api.tls]\ncertificate = \"/etc/baton/certificate.pem\"\nkey = \"/etc/baton/key.pem\"\n",
    },
    Table {
        name: "setup",
        meaning: "What setups may reach and take. See [setup](../setup.md).",
        layer: User,
        settings: &[
            setting(
                "hosts",
                "list of hosts",
                "`[\"default\"]`",
                "Hosts that setups may reach, with `:PORT` where that is not 443 or 80; `*.` stands for all below, `default` for the package registries that Baton knows.",
            ),
            setting("networks", "list of networks", "none", "Networks, other than public ones, in which these hosts may lie."),
            setting("timeout-s", WHOLE, "1800", "Time for one setup, in seconds; at most the image's `timeout-s`."),
            setting("most-mib", WHOLE, "8192", "What one setup may leave, in MiB."),
            setting("download-mib", WHOLE, "4096", "What one setup may move through the network, in MiB."),
            setting("keep-days", WHOLE, "14", "Days that something a setup left is kept while no worktree uses it."),
        ],
        example: "[setup]\nhosts = [\"default\", \"*.corp.example\", \"10.0.0.5:4873\"]\nnetworks = [\"10.0.0.0/8\"]\ntimeout-s = 900\nmost-mib = 2048\ndownload-mib = 1024\nkeep-days = 7\n",
    },
    Table {
        name: "setup.registries.NAME",
        meaning: "A registry that wants a secret, which setups ask at `http://127.0.0.1:3128/registries/NAME/` and Baton asks with the secret.",
        layer: User,
        settings: &[
            setting("url", "address", "required", "Where it is, by https."),
            setting("secret", "name of a secret", "required", "Secret that `baton secret set` keeps: a token, or the password of `user`."),
            setting("user", TEXT, "none", "User for whom the secret is a password."),
        ],
        example: "[setup.registries.npm]\nurl = \"https://npm.corp.example/team/\"\nsecret = \"NPM_TOKEN\"\nuser = \"ada\"\n",
    },
    Table {
        name: "test",
        meaning: "How the workflow `run-tests`, and commands of agents, run in the sandbox. See [sprint](../sprint.md#settings).",
        layer: Both,
        settings: &[
            setting("command", TEXT, "found by the project's files", "Command line that runs the project's tests."),
            setting(
                "quick",
                TEXT,
                "none",
                "Quicker command line than all tests. Developers are told to use it, and it is run first while a story is repaired.",
            ),
            setting(
                "image",
                TEXT,
                "`\"project\"` with an approved environment, else `\"default\"`",
                "Image for tests and for `run_command`, by its name under `[sandbox.images]`.",
            ),
            setting("timeout", WHOLE, "600", "Time for the tests, in seconds; at most the image's `timeout-s`."),
            setting(
                "reports",
                "list of globs",
                "those of Maven and Gradle",
                "Reports that the tests write, as JUnit XML or TAP, in which `*` stands for any text. See [tests](../tests.md#reports).",
            ),
            setting(
                "setup",
                TEXT,
                "none",
                "Command line that fetches what the project depends on. In a project it is a proposal that you approve. See [setup](../setup.md).",
            ),
            setting(
                "setup-files",
                "list of globs",
                "lockfiles and manifests",
                "Files that the setup reads. It runs again when they change.",
            ),
            setting(
                "lock",
                TEXT,
                "none",
                "Command line that renews lockfiles after a story changed a manifest, approved together with the setup. See [setup](../setup.md#dependencies-that-a-story-brings).",
            ),
        ],
        example: "[test]\ncommand = \"cargo test --quiet\"\nquick = \"cargo test --quiet --lib\"\nimage = \"rust\"\ntimeout = 900\nreports = [\"out/junit.xml\"]\nsetup = \"cargo fetch --locked\"\nsetup-files = [\"**/Cargo.toml\", \"Cargo.lock\"]\nlock = \"cargo update --workspace\"\n",
    },
    Table {
        name: "test.folders.\"FOLDER\"",
        meaning: "How one folder of a repository with several projects is tested, while a story that changed it is repaired. See [tests](../tests.md#monorepos).",
        layer: Both,
        settings: &[
            setting(
                "command",
                TEXT,
                "found by the folder's files",
                "Command line that runs the folder's tests, from the root of the repository.",
            ),
            setting("quick", TEXT, "as `command`", "A quicker one."),
        ],
        example: "[test.folders.\"crates/ledger\"]\ncommand = \"cargo test --package ledger\"\nquick = \"cargo test --package ledger --lib\"\n",
    },
    Table {
        name: "test.services.NAME",
        meaning: "A program beside the commands of the project, such as a database. In a project it is a proposal that you approve. See \
                  [services](../services.md).",
        layer: Both,
        settings: &[
            setting("image", "image reference", "required", "The image, which is on this machine or named by its digest."),
            setting("command", "list of strings", "what the image says", "What is executed in it."),
            setting("env.VARIABLE", TEXT, "", "A variable of the service."),
            setting("ports", "list of numbers", "`[]`", "Ports that accept connections once it is ready."),
            setting("ready", "list of strings", "none", "Command that succeeds in its container once it is ready."),
            setting(
                "temporary",
                "list of absolute paths",
                "`[]`",
                "Folders in memory that it may write to, beside `/tmp`, `/var/tmp` and the volumes of its image.",
            ),
            setting("memory-mib", "whole number from 16", "512", "Its memory in MiB. What it writes counts."),
            setting("timeout-s", "whole number from 1 to 600", "60", "Time until it has to be ready, in seconds."),
            setting("gives.VARIABLE", TEXT, "", "A variable of the commands beside it, such as `DATABASE_URL`."),
        ],
        example: "[test.services.db]\nimage = \"postgres:16\"\ncommand = [\"postgres\", \"-c\", \"fsync=off\"]\nports = [5432]\nready = [\"pg_isready\", \"-h\", \"127.0.0.1\"]\ntemporary = [\"/var/run/postgresql\"]\nmemory-mib = 1024\ntimeout-s = 120\nenv.POSTGRES_HOST_AUTH_METHOD = \"trust\"\ngives.DATABASE_URL = \"postgres://postgres@127.0.0.1:5432/postgres\"\n",
    },
    Table {
        name: "sprint",
        meaning: "The workflow `sprint`. See [sprint](../sprint.md).",
        layer: Both,
        settings: &[setting("parallel", "whole number from 1 to 16", "2", "Stories that are worked on at the same time.")],
        example: "[sprint]\nparallel = 4\n",
    },
    Table {
        name: "story",
        meaning: "The workflows `dev-story` and `story-context`.",
        layer: Both,
        settings: &[
            setting("context-tokens", WHOLE, "24000", "Tokens of context that a developer gets, at four bytes each."),
            setting("paths", "list of paths", "all but the plan", "Files, and folders that end with `/`, that a story may change."),
            setting("file-mib", WHOLE, "5", "Largest file that a story may add, in MiB."),
            setting(
                "check-tests",
                TRUTH,
                "true",
                "Runs a story's tests without its change too, where they have to fail: up to two more runs of the tests.",
            ),
            setting(
                "dependencies",
                "`true`, `false` or list of names",
                "true",
                "Whether a story may have packages fetched that no lockfile had before, or other versions of them. A list names those that it may, with `*` for any characters, those that they bring with them included. Every change of a lockfile is shown to the review and in the pull request.",
            ),
        ],
        example: "[story]\ncontext-tokens = 8000\npaths = [\"src/\", \"tests/\", \"README.md\"]\nfile-mib = 2\ncheck-tests = false\ndependencies = [\"serde*\", \"itoa\"]\n",
    },
    Table {
        name: "plan",
        meaning: "The workflow `plan`.",
        layer: Both,
        settings: &[setting(
            "sure",
            "number from 0 to 1",
            "0.75",
            "How sure the analyst must be of an assumption for `plan` not to ask you. It asks about the least sure one in any case; with 0 it asks nothing.",
        )],
        example: "[plan]\nsure = 0.9\n",
    },
    Table {
        name: "decide",
        meaning: "The workflow `decide`.",
        layer: Both,
        settings: &[setting("threshold", "number from 0 to 1", "0.75", "How sure an answer must be for `decide` not to ask you.")],
        example: "[decide]\nthreshold = 0.9\n",
    },
];
