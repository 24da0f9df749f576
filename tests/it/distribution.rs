//! Plugins that come from elsewhere: out of a real registry, out of servers that lie, and with signatures, with the real
//! program.

use std::{fs, path::PathBuf, process::Command};

use baton_tests::{
    HELLO,
    program::{self, Ended},
    registry::{self, PASSWORD, Registry, USER},
    server::{Asked, Reply, Server},
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

/// A user with a data directory and settings.
struct User {
    home: TempDir,
}

impl User {
    fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    fn with_settings(settings: &str) -> Self {
        let user = Self::new();
        user.set(settings);
        user
    }

    fn set(&self, settings: &str) {
        fs::write(self.path("settings.toml"), settings).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program::command(self.home.path(), arguments);
        command.env("BATON_DATA_DIR", self.path("data")).env("BATON_CONFIG", self.path("settings.toml"));
        command
    }

    fn baton(&self, arguments: &[&str]) -> Ended {
        program::output(self.command(arguments))
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let ended = self.baton(&[arguments, &["-o", "json"]].concat()).exits(0);
        serde_json::from_str(&ended.stdout).unwrap()
    }

    /// Packs an agent into `NAME.wasm` and gives the file's name.
    fn pack(&self, name: &str, version: &str, needs: &str) -> String {
        let folder = self.path(name);
        fs::create_dir_all(&folder).unwrap();
        let manifest =
            format!("name = \"{name}\"\nversion = \"{version}\"\nkind = \"agent\"\ndescription = \"Counts\"\n[needs]\n{needs}\n");
        fs::write(folder.join("plugin.toml"), manifest).unwrap();
        fs::write(folder.join("persona.md"), "You count.").unwrap();
        let file = format!("{name}-{version}.wasm");
        let _packed = self.baton(&["plugin", "pack", name, "--to", &file]).exits(0);
        file
    }

    /// Packs and publishes; gives the digest.
    fn publish(&self, name: &str, version: &str, needs: &str, reference: &str) -> String {
        let file = self.pack(name, version, needs);
        self.json(&["plugin", "push", &file, reference])["digest"].as_str().unwrap().to_owned()
    }

    /// Names of the files in the plugin folder.
    fn installed(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("data/plugins")).into_iter().flatten();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

const NARROW: &str = "read = [\"docs/**\"]";
const WIDE: &str = "read = [\"docs/**\"]\nwrite = [\"docs/**\"]";

#[test]
fn a_plugin_goes_to_a_registry_and_comes_back() {
    let Some(program) = registry::program() else { return };
    let registry = Registry::start(&program);
    let (author, user) = (User::new(), User::new());
    let reference = format!("oci://{}/team/ada:1.0.0", registry.host());
    let digest = author.publish("ada", "1.0.0", NARROW, &reference);
    assert_eq!(author.publish("ada", "1.0.0", NARROW, &reference), digest, "the same file makes the same artifact");
    let rehearsed = user.json(&["plugin", "install", &reference, "--dry-run"]);
    assert_eq!(rehearsed["undecided"], json!({ "read": ["docs/**"] }));
    assert!(!user.path("data").exists(), "a dry run changes nothing");
    let installed = user.json(&["plugin", "install", &reference]);
    assert_eq!((&installed["status"], &installed["grants"]), (&json!("needs_approval"), &json!({})));
    assert_eq!(fs::read(user.path("data/plugins/ada.wasm")).unwrap(), fs::read(author.path("ada-1.0.0.wasm")).unwrap());
    let pinned = format!("{}/team/ada@{digest}", registry.host());
    let other = User::new();
    assert_eq!(other.json(&["plugin", "install", &pinned])["hash"], installed["hash"]);
}

#[test]
fn an_update_keeps_grants_and_asks_for_the_difference() {
    let Some(program) = registry::program() else { return };
    let registry = Registry::start(&program);
    let (author, user) = (User::new(), User::new());
    let reference = format!("{}/ada:stable", registry.host());
    author.publish("ada", "1.0.0", NARROW, &reference);
    let installed = user.json(&["plugin", "install", &reference, "--grant"]);
    assert_eq!(user.json(&["plugin", "update"])["items"][0]["outcome"], "current");
    author.publish("ada", "1.1.0", WIDE, &reference);
    let before = fs::read(user.path("data/plugins/ada.wasm")).unwrap();
    let rehearsed = &user.json(&["plugin", "update", "ada", "--dry-run"])["items"][0];
    assert_eq!(
        (&rehearsed["outcome"], &rehearsed["version"], &rehearsed["installed"]["version"]),
        (&json!("would_update"), &json!("1.0.0"), &json!("1.1.0"))
    );
    assert_eq!(rehearsed["installed"]["undecided"], json!({ "write": ["docs/**"] }));
    assert_eq!(fs::read(user.path("data/plugins/ada.wasm")).unwrap(), before, "a dry run changes nothing");
    let told = user.baton(&["plugin", "update"]).exits(0).stderr;
    assert!(told.contains("`ada` 1.0.0 is now 1.1.0") && told.contains("'write=docs/**'"), "{told}");
    let shown = user.json(&["plugin", "show", "ada"]);
    assert_eq!((&shown["grants"], &shown["undecided"]), (&json!({ "read": ["docs/**"] }), &json!({ "write": ["docs/**"] })));
    assert_ne!(shown["hash"], installed["hash"]);
    author.publish("ada", "1.0.5", NARROW, &reference);
    let older = user.baton(&["plugin", "update"]).exits(1).stderr;
    assert!(older.contains("older version 1.0.5") && older.contains("--to"), "{older}");
    assert_eq!(user.json(&["plugin", "show", "ada"])["hash"], shown["hash"]);
}

#[test]
fn another_tag_is_taken_when_it_is_named_or_the_latest() {
    let Some(program) = registry::program() else { return };
    let registry = Registry::start(&program);
    let (author, user) = (User::new(), User::new());
    let reference = |tag: &str| format!("{}/ada:{tag}", registry.host());
    for (version, tag) in
        [("1.0.0", "1.0.0"), ("1.9.0", "v1.9.0"), ("1.10.0", "1.10.0"), ("2.0.0-rc.1", "2.0.0-rc.1"), ("1.2.0", "nightly")]
    {
        author.publish("ada", version, NARROW, &reference(tag));
    }
    let _installed = user.baton(&["plugin", "install", &reference("1.0.0")]).exits(0);
    let latest = &user.json(&["plugin", "update", "--latest"])["items"][0];
    assert_eq!((&latest["installed"]["version"], &latest["reference"]), (&json!("1.10.0"), &json!(reference("1.10.0"))));
    assert_eq!(user.json(&["plugin", "update", "--latest"])["items"][0]["outcome"], "current");
    let back = &user.json(&["plugin", "update", "ada", "--to", "v1.9.0"])["items"][0];
    assert_eq!((&back["installed"]["version"], &back["outcome"]), (&json!("1.9.0"), &json!("updated")));
    assert_eq!(user.json(&["plugin", "update"])["items"][0]["reference"], json!(reference("v1.9.0")), "it is remembered");
    let missing = user.baton(&["plugin", "update", "ada", "--to", "3.0.0"]).exits(1).stderr;
    assert!(missing.contains(&format!("does not have {}", reference("3.0.0").trim_start_matches("oci://"))), "{missing}");
    let _misuse = user.baton(&["plugin", "update", "ada", "--to", "../3"]).exits(1);
    let file = author.pack("ada", "3.0.0", NARROW);
    let _by_hand = user.baton(&["plugin", "install", author.path(&file).to_str().unwrap()]).exits(0);
    let strange = user.baton(&["plugin", "update", "ada"]).exits(2).stderr;
    assert!(strange.contains("No plugin `ada` came from a registry"), "{strange}");
}

#[test]
fn what_is_not_there_installs_nothing() {
    let Some(program) = registry::program() else { return };
    let registry = Registry::start(&program);
    let user = User::new();
    let reference = format!("{}/ada:1.0.0", registry.host());
    let missing = user.baton(&["plugin", "install", &reference]).exits(2).stderr;
    assert!(missing.contains(&format!("The registry does not have {reference}")), "{missing}");
    user.publish("ada", "1.0.0", NARROW, &reference);
    let _installed = user.baton(&["plugin", "install", &reference]).exits(0);
    let host = registry.host();
    drop(registry);
    for arguments in [&["plugin", "update"][..], &["plugin", "install", &reference], &["plugin", "push", "ada-1.0.0.wasm", &reference]] {
        let gone = user.baton(arguments).exits(1).stderr;
        assert!(gone.contains(&format!("The registry {host} cannot be reached")) && gone.contains("refused"), "{gone}");
    }
    assert_eq!(user.installed(), ["ada.wasm"]);
    let _removed = user.baton(&["plugin", "remove", "ada"]).exits(0);
    assert_eq!(user.json(&["plugin", "update"]), json!({ "items": [] }), "where it came from went with it");
}

#[test]
fn a_registry_that_asks_for_a_password_is_given_it_and_nobody_else_is() {
    let Some(program) = registry::program() else { return };
    let registry = Registry::guarded(&program);
    let reference = format!("{}/ada:1.0.0", registry.host());
    let author =
        User::with_settings(&format!("[registries.\"{}\"]\nuser = \"{USER}\"\npassword-env = \"REGISTRY_PASSWORD\"\n", registry.host()));
    let file = author.pack("ada", "1.0.0", NARROW);
    let push = |password: &str| {
        let ended = program::output(author.command(&["plugin", "push", &file, &reference]).env("REGISTRY_PASSWORD", password));
        assert!(!ended.stdout.contains(password) && !ended.stderr.contains(password), "{}", ended.stderr);
        ended
    };
    let wrong = push("something-else").exits(1).stderr;
    assert!(wrong.contains("the password is wrong"), "{wrong}");
    let _pushed = push(PASSWORD).exits(0);
    let stranger = User::new();
    let refused = stranger.baton(&["plugin", "install", &reference]).exits(1).stderr;
    assert!(refused.contains("no user is logged in") && refused.contains("password-env"), "{refused}");
    assert_eq!(stranger.installed(), [""; 0]);
    // What `docker login` writes: user and password in base64.
    fs::create_dir(stranger.path(".docker")).unwrap();
    let login = json!({ "auths": { registry.host(): { "auth": "YWRhOjBwM24tNTM1YW0z" } } });
    fs::write(stranger.path(".docker/config.json"), login.to_string()).unwrap();
    let _installed = stranger.baton(&["plugin", "install", &reference]).exits(0);
    let unset = author.baton(&["plugin", "install", &reference]).exits(1).stderr;
    assert!(unset.contains("password-env") && unset.contains("a variable that is set"), "{unset}");
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

/// A manifest of an artifact with `wasm` as its layer.
fn manifest(wasm: &[u8], config: &str, size: usize) -> Vec<u8> {
    let manifest = json!({
        "schemaVersion": 2,
        "config": { "mediaType": config, "digest": digest(b"{}"), "size": 2 },
        "layers": [{ "mediaType": "application/wasm", "digest": digest(wasm), "size": size }],
    });
    manifest.to_string().into_bytes()
}

const WASM: &str = "application/vnd.wasm.config.v0+json";

/// An honest registry with one plugin in it, but for what `lie` says.
fn lying(lie: impl Fn(&Asked, u16) -> Option<Reply> + Send + Sync + 'static) -> Server {
    Server::start(move |asked, port| {
        let honest = || match asked.path.contains("/manifests/") {
            true => Reply::new("200 OK", manifest(HELLO, WASM, HELLO.len())),
            false => Reply::new("200 OK", HELLO),
        };
        lie(asked, port).unwrap_or_else(honest)
    })
}

/// What installing from the server says, with nothing left behind.
fn refused(server: &Server) -> String {
    let user = User::new();
    let ended = user.baton(&["plugin", "install", &format!("127.0.0.1:{}/hello:1", server.port)]);
    let (code, said) = (ended.code, ended.stderr);
    // 2 where what was named does not exist.
    assert!(matches!(code, Some(1 | 2)), "{code:?}: {said}");
    assert!(!user.path("data").exists(), "{said}");
    assert!(!said.contains('\u{1b}'), "{said:?}");
    said
}

#[test]
fn an_honest_server_is_believed() {
    let server = lying(|_, _| None);
    let user = User::new();
    let _installed = user.baton(&["plugin", "install", &format!("oci://127.0.0.1:{}/hello:1", server.port)]).exits(0);
    assert_eq!(user.installed(), ["hello.wasm"]);
}

#[test]
fn a_lying_server_is_refused_with_what_it_lied_about() {
    let manifests =
        |reply: fn(&Asked, u16) -> Reply| lying(move |asked, port| asked.path.contains("/manifests/").then(|| reply(asked, port)));
    let blobs = |reply: fn(&Asked, u16) -> Reply| lying(move |asked, port| asked.path.contains("/blobs/").then(|| reply(asked, port)));
    let cases: &[(Server, &str)] = &[
        (manifests(|_, _| Reply::new("200 OK", "<html>\u{1b}[2J</html>")), "its manifest is not JSON"),
        (manifests(|_, _| Reply::new("200 OK", "{\"schemaVersion\": 2}")), "its manifest is not one"),
        (
            manifests(|_, _| Reply::new("200 OK", manifest(HELLO, "application/vnd.oci.image.config.v1+json", 4))),
            "and not `application/vnd.wasm.config.v0+json`",
        ),
        (manifests(|_, _| Reply::new("200 OK", manifest(HELLO, WASM, usize::MAX / 2))), "The plugin is larger than the 67108864 bytes"),
        (manifests(|_, _| Reply::new("200 OK", vec![b' '; 1 << 16]).endless()), "The manifest is larger than the 4194304 bytes"),
        (manifests(|_, _| Reply::new("500 Oh No", "{\"errors\":[{\"code\":\"\u{1b}[2JX\"}]}")), "answers 500."),
        (manifests(|_, _| Reply::new("429 Slow Down", "{\"errors\":[{\"code\":\"TOOMANYREQUESTS\"}]}")), "answers 429: TOOMANYREQUESTS"),
        (manifests(|_, _| Reply::new("403 No", "")), "does not allow this"),
        (blobs(|_, _| Reply::new("200 OK", HELLO).endless()), "The plugin is larger than"),
        (blobs(|_, _| Reply::new("200 OK", &HELLO[..HELLO.len() - 1])), "its digest is sha256:"),
        (blobs(|_, _| Reply::new("404 Gone", "")), "The registry does not have"),
        (blobs(|_, _| Reply::new("307 Elsewhere", "").with("Location: http://localhost:1/x")), "it is another host, and not encrypted"),
        (blobs(|_, _| Reply::new("307 Elsewhere", "").with("Location: file:///etc/passwd")), "it is another host, and not encrypted"),
        (blobs(|asked, _| Reply::new("302 Here", "").with(format!("Location: {}", asked.path))), "sent on too often"),
        (blobs(|_, _| Reply::new("302 Nowhere", "")), "does not say where to"),
        (
            manifests(|_, _| Reply::new("401 Who", "").with("WWW-Authenticate: Bearer realm=\"http://localhost:1/token\"")),
            "tokens are fetched encrypted",
        ),
        (manifests(|_, _| Reply::new("401 Who", "").with("WWW-Authenticate: Bearer realm")), "no user is logged in"),
    ];
    for (server, sentence) in cases {
        let said = refused(server);
        assert!(said.contains(sentence), "`{sentence}` is not in:\n{said}");
    }
}

#[test]
fn a_digest_that_was_asked_for_is_the_digest_that_counts() {
    let server = lying(|_, _| None);
    let user = User::new();
    let asked = |digest: &str| format!("127.0.0.1:{}/hello@{digest}", server.port);
    let other = user.baton(&["plugin", "install", &asked(&digest(b"another manifest"))]).exits(1).stderr;
    assert!(other.contains("The manifest is not what was asked for"), "{other}");
    assert!(!user.path("data").exists());
    let _installed = user.baton(&["plugin", "install", &asked(&digest(&manifest(HELLO, WASM, HELLO.len())))]).exits(0);
}

#[test]
fn a_token_is_fetched_where_the_registry_says_and_shown_to_it_alone() {
    let elsewhere = Server::start(|_, _| Reply::new("200 OK", HELLO));
    let port = elsewhere.port;
    let server = lying(move |asked, own| {
        if asked.path.starts_with("/token") {
            return Some(Reply::new("200 OK", "{\"token\":\"open-sesame\"}"));
        }
        if asked.path.contains("/blobs/") {
            return Some(Reply::new("307 Elsewhere", "").with(format!("Location: http://127.0.0.1:{port}/blob")));
        }
        let challenge =
            format!("WWW-Authenticate: Bearer realm=\"http://127.0.0.1:{own}/token\",service=\"r\",scope=\"repository:hello:pull\"");
        (!asked.headers.contains("authorization:Bearer open-sesame")).then(|| Reply::new("401 Who", "").with(challenge))
    });
    let said = refused(&server);
    assert!(said.contains("not encrypted"), "{said}");
    assert!(elsewhere.asked().is_empty(), "{:?}", elsewhere.asked());
    let asked = server.asked();
    assert!(asked.iter().any(|asked| asked.starts_with("GET /token?service=r&scope=repository%3Ahello%3Apull")), "{asked:?}");
    assert!(asked.last().unwrap().contains("/blobs/") && asked.last().unwrap().contains("open-sesame"), "{asked:?}");
}

#[test]
fn only_this_machine_or_what_the_operator_names_is_asked_without_encryption() {
    let server = lying(|_, _| None);
    // This machine, by an address that does not say so.
    let host = format!("0.0.0.0:{}", server.port);
    let reference = format!("{host}/hello:1");
    let user = User::new();
    let _encrypted = user.baton(&["plugin", "install", &reference]).exits(1);
    assert!(server.asked().iter().all(|asked| !asked.starts_with("GET /v2/")), "{:?}", server.asked());
    user.set(&format!("[registries.\"{host}\"]\ninsecure = true\n"));
    let _named = user.baton(&["plugin", "install", &reference]).exits(0);
    user.set("[registries.\"127.0.0.1:1\"]\ninsecure = \"yes\"\n");
    let wrong = user.baton(&["plugin", "install", "127.0.0.1:1/hello:1"]).exits(1).stderr;
    assert!(wrong.contains("`registries.\"127.0.0.1:1\".insecure`"), "{wrong}");
}

/// The public key of a private key that is made in `NAME.key`.
fn key(user: &User, name: &str) -> String {
    let made = user.json(&["plugin", "key", "new", "--to", &format!("{name}.key")]);
    made["public_key"].as_str().unwrap().to_owned()
}

#[test]
fn a_private_key_is_for_its_owner_alone_and_never_overwritten() {
    let user = User::new();
    let public = key(&user, "ada");
    assert_eq!(public.len(), 44);
    let private = fs::read_to_string(user.path("ada.key")).unwrap();
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::MetadataExt::mode(&fs::metadata(user.path("ada.key")).unwrap()) & 0o777, 0o600);
    let again = user.baton(&["plugin", "key", "new", "--to", "ada.key"]).exits(2).stderr;
    assert!(again.contains("File exists"), "{again}");
    assert_eq!(fs::read_to_string(user.path("ada.key")).unwrap(), private);
    let told = user.baton(&["plugin", "key", "new", "--to", "bob.key"]).exits(0);
    assert!(told.stdout.starts_with("[signatures.keys]\nyour-name = \"") && !told.stdout.contains("PRIVATE"), "{}", told.stdout);
}

#[test]
fn a_signature_is_told_apart_by_whose_key_made_it() {
    let user = User::new();
    let (ada, _bob) = (key(&user, "ada"), key(&user, "bob"));
    user.set(&format!("[signatures.keys]\nada = \"{ada}\"\n"));
    let file = user.pack("scribe", "1.0.0", NARROW);
    let verify = |name: &str, code: i32| user.baton(&["plugin", "verify", name]).exits(code).stdout;
    assert!(verify(&file, 1).contains("is not signed"));
    let _signed = user.baton(&["plugin", "sign", &file, "--key", "bob.key", "--to", "bob.wasm"]).exits(0);
    assert!(verify("bob.wasm", 1).contains("not in your [signatures.keys]"));
    let _signed = user.baton(&["plugin", "sign", "bob.wasm", "--key", "ada.key"]).exits(0);
    assert!(verify("bob.wasm", 0).contains("signed by ada"), "signing again replaces");
    let mut tampered = fs::read(user.path("bob.wasm")).unwrap();
    let at = tampered.windows(8).position(|window| window == b"\"Counts\"").unwrap();
    tampered[at..at + 8].copy_from_slice(b"\"Steals\"");
    fs::write(user.path("tampered.wasm"), &tampered).unwrap();
    assert!(verify("tampered.wasm", 1).contains("changed after it was signed"));
    let refused = user.baton(&["plugin", "install", "tampered.wasm"]).exits(1).stderr;
    assert!(refused.contains("changed after it was signed"), "{refused}");
    let _installed = user.baton(&["plugin", "install", "bob.wasm"]).exits(0);
    let shown = user.json(&["plugin", "show", "scribe"]);
    assert_eq!(shown["signed_by"], json!({ "key": ada, "trusted_as": "ada" }));
    assert!(verify("scribe", 0).contains("signed by ada"));
    assert!(verify("plan", 0).contains("part of Baton"));
    let _nothing = user.baton(&["plugin", "verify", "nobody"]).exits(2);
    for wrong in ["scribe-1.0.0.wasm", "nowhere.key"] {
        let _no_key = user.baton(&["plugin", "sign", &file, "--key", wrong]).exits(2);
    }
    let own = user.baton(&["plugin", "sign", "ada.key", "--key", "ada.key"]).exits(1).stderr;
    assert!(own.contains("cannot be signed: The file is not WebAssembly"), "{own}");
}

#[test]
fn who_requires_signatures_gets_nothing_else() {
    let user = User::new();
    let ada = key(&user, "ada");
    let bare = user.pack("scribe", "1.0.0", NARROW);
    let warned = user.baton(&["plugin", "install", &bare]).exits(0).stderr;
    assert!(warned.contains("The file is not signed"), "{warned}");
    user.set("[signatures]\npolicy = \"off\"\n");
    let quiet = user.baton(&["plugin", "install", &bare]).exits(0).stderr;
    assert!(!quiet.contains("signed"), "{quiet}");
    user.set(&format!("[signatures]\npolicy = \"require\"\n[signatures.keys]\nada = \"{ada}\"\n"));
    let listed = user.json(&["plugin", "list"]);
    assert!(listed["rejected"][0]["reason"].as_str().unwrap().contains("The file is not signed"), "{listed}");
    assert!(listed["items"].as_array().unwrap().iter().all(|plugin| plugin["name"] != "scribe"), "what lies there is not loaded");
    assert!(listed["items"].as_array().unwrap().iter().any(|plugin| plugin["name"] == "plan"), "what is part of Baton is");
    for unsigned in [&*bare, "scribe"] {
        let refused = user.baton(&["plugin", "install", unsigned]).exits(1).stderr;
        assert!(refused.contains("`baton plugin sign`"), "{refused}");
    }
    fs::write(user.path("baton.toml"), "[signatures]\npolicy = \"off\"\n").unwrap();
    let _still = user.baton(&["plugin", "install", &bare]).exits(1);
    let _signed = user.baton(&["plugin", "sign", &bare, "--key", "ada.key"]).exits(0);
    let _installed = user.baton(&["plugin", "install", &bare]).exits(0);
    user.set("[signatures]\npolicy = \"sometimes\"\n");
    let wrong = user.baton(&["plugin", "list"]).exits(1).stderr;
    assert!(wrong.contains("`signatures.policy`"), "{wrong}");
}

#[test]
fn a_signature_travels_through_a_registry() {
    let Some(program) = registry::program() else { return };
    let registry = Registry::start(&program);
    let (author, user) = (User::new(), User::new());
    let ada = key(&author, "ada");
    user.set(&format!("[signatures]\npolicy = \"require\"\n[signatures.keys]\nada = \"{ada}\"\n"));
    let reference = format!("{}/scribe:1", registry.host());
    let file = author.pack("scribe", "1.0.0", NARROW);
    let push = || author.baton(&["plugin", "push", &file, &reference]).exits(0);
    let _unsigned = push();
    let refused = user.baton(&["plugin", "install", &reference]).exits(1).stderr;
    assert!(refused.contains("The file is not signed"), "{refused}");
    assert!(!user.path("data").exists());
    let _signed = author.baton(&["plugin", "sign", &file, "--key", "ada.key"]).exits(0);
    let _pushed = push();
    assert_eq!(user.json(&["plugin", "install", &reference])["signed_by"]["trusted_as"], "ada");
    let next = author.pack("scribe", "1.1.0", NARROW);
    let _pushed = author.baton(&["plugin", "push", &next, &reference]).exits(0);
    let kept = user.baton(&["plugin", "update"]).exits(1).stderr;
    assert!(kept.contains("The file is not signed"), "{kept}");
    assert_eq!(user.json(&["plugin", "show", "scribe"])["version"], "1.0.0");
}
