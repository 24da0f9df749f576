//! Lockfiles in TOML: those of cargo, uv, Poetry, PDM and PEP 751.

use crate::{
    Locked, Packages, origin, put,
    toml::{Table, Value, read},
};

pub(crate) fn cargo(text: &str) -> Option<Packages> {
    let mut packages = Packages::new();
    for package in listed(text)? {
        // What has no source is a part of the repository.
        if let Some(source) = string(&package, "source") {
            let locked = Locked {
                origin: origin(source),
                checksum: string(&package, "checksum").unwrap_or_default().to_owned(),
                ..Locked::default()
            };
            put(&mut packages, string(&package, "name")?, string(&package, "version").unwrap_or_default(), locked);
        }
    }
    Some(packages)
}

pub(crate) fn python(text: &str) -> Option<Packages> {
    let mut packages = Packages::new();
    for package in listed(text)? {
        let source = package.get("source").and_then(Value::table);
        let of_source = |key: &str| source.and_then(|source| source.get(key)).and_then(Value::text);
        if ["editable", "virtual"].iter().any(|key| of_source(key).is_some()) {
            continue;
        }
        let elsewhere = ["git", "url", "directory", "path"].iter().find_map(|key| of_source(key));
        let origin = elsewhere.or_else(|| of_source("registry")).map(origin).unwrap_or_default();
        put(
            &mut packages,
            string(&package, "name")?,
            string(&package, "version").unwrap_or_default(),
            Locked { origin, ..Locked::default() },
        );
    }
    Some(packages)
}

fn listed(text: &str) -> Option<Vec<Table>> {
    let mut table = read(text)?;
    let mut found = Vec::new();
    for list in ["package", "packages"].iter().filter_map(|name| table.remove(*name)) {
        let Value::List(list) = list else { return None };
        for package in list {
            let Value::Table(package) = package else { return None };
            found.push(package);
        }
    }
    Some(found)
}

fn string<'a>(table: &'a Table, key: &str) -> Option<&'a str> {
    table.get(key).and_then(Value::text)
}
