//! Manifests of Maven, which has no lockfile: dependencies, plugins, extensions, what is managed for others, and where all of it
//! is fetched from. What stands in another manifest, such as the version that a parent names, is not looked up.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Contents, Locked, Packages, origin, put,
    xml::{Element, read},
};

/// What plugins without a group belong to.
const PLUGINS: &str = "org.apache.maven.plugins";
/// Properties that name properties, and bytes of what they come to.
const MOST_ROUNDS: usize = 8;
const LONGEST: usize = 400;

/// A `pom.xml`, or the extensions of Maven itself in `.mvn/extensions.xml`.
pub(crate) fn project(text: &str) -> Option<Contents> {
    let root = read(text)?;
    let mut project = Project { properties: properties(&root), used: BTreeSet::new() };
    let (mut declared, mut managed) = (Vec::new(), BTreeMap::new());
    let mut packages = Packages::new();
    let mut next: Vec<_> = root.inside.iter().map(|element| (element, false)).collect();
    while let Some((element, is_managed)) = next.pop() {
        let is_managed = is_managed || element.name.ends_with("Management");
        // Where a project is published to is not where anything is fetched from.
        if matches!(element.name.as_str(), "distributionManagement" | "exclusions") {
            continue;
        }
        if let Some((name, version)) = project.coordinates(element) {
            match is_managed {
                true => drop(managed.insert(name, version)),
                false => declared.push((name, version)),
            }
        }
        if matches!(element.name.as_str(), "repository" | "pluginRepository")
            && let Some(url) = element.text_of("url")
        {
            let url = project.resolve(url);
            put(&mut packages, &format!("repository {url}"), "", Locked { origin: origin(&url), ..Locked::default() });
        }
        next.extend(element.inside.iter().map(|inside| (inside, is_managed)));
    }
    for (name, version) in declared {
        let version = if version.is_empty() { managed.get(&name).cloned().unwrap_or_default() } else { version };
        put(&mut packages, &name, &version, Locked::default());
    }
    for (name, version) in managed.into_iter().filter(|(name, _)| !packages.contains_key(name)).collect::<Vec<_>>() {
        put(&mut packages, &name, format!("{version} (managed)").trim(), Locked::default());
    }
    // Its own name and version fetch nothing.
    let unused = project.properties.iter().filter(|(name, _)| !project.used.contains(*name) && !name.starts_with("project."));
    let unused = unused.map(|(name, value)| format!("{name}={value}"));
    // Which properties of a profile hold, the machine decides that builds.
    let profiles = root.child("profiles").into_iter().flat_map(|profiles| &profiles.inside);
    let of_profiles = profiles.filter_map(|profile| profile.child("properties")).flat_map(|properties| &properties.inside);
    let of_profiles = of_profiles.map(|property| format!("profile {}={}", property.name, property.text.trim()));
    Some(Contents { packages, others: Some(unused.chain(of_profiles).collect()) })
}

struct Project {
    properties: BTreeMap<String, String>,
    /// Names of properties that coordinates and addresses need.
    used: BTreeSet<String>,
}

impl Project {
    /// `group:artifact` and its version, of whatever names them.
    fn coordinates(&mut self, element: &Element) -> Option<(String, String)> {
        let artifact = self.resolve(element.text_of("artifactId")?);
        let group = match element.text_of("groupId") {
            Some(group) => self.resolve(group),
            None if element.name == "plugin" => PLUGINS.to_owned(),
            None => return None,
        };
        let version = element.text_of("version").map(|version| self.resolve(version)).unwrap_or_default();
        Some((format!("{group}:{artifact}"), version))
    }

    /// The text with the properties of this manifest in their places; others stay as they are written.
    fn resolve(&mut self, text: &str) -> String {
        let mut text = text.to_owned();
        for _ in 0..MOST_ROUNDS {
            let mut resolved = String::new();
            let mut rest = text.as_str();
            while let Some((before, (name, after))) = rest.split_once("${").and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
            {
                resolved.push_str(before);
                match self.properties.get(name) {
                    Some(value) => resolved.push_str(value),
                    None => resolved.push_str(&format!("${{{name}}}")),
                }
                self.used.insert(name.to_owned());
                rest = after;
                if resolved.len() > LONGEST {
                    return text;
                }
            }
            resolved.push_str(rest);
            if resolved == text {
                break;
            }
            text = resolved;
        }
        text
    }
}

fn properties(root: &Element) -> BTreeMap<String, String> {
    let own = root.child("properties").into_iter().flat_map(|properties| &properties.inside);
    let mut properties: BTreeMap<_, _> = own.map(|property| (property.name.clone(), property.text.trim().to_owned())).collect();
    let parent = root.child("parent");
    for (name, place) in [("groupId", "groupId"), ("version", "version")] {
        let inherited = parent.and_then(|parent| parent.text_of(place));
        if let Some(value) = root.text_of(place).or(inherited) {
            properties.insert(format!("project.{name}"), value.to_owned());
        }
        if let Some(value) = inherited {
            properties.insert(format!("project.parent.{name}"), value.to_owned());
        }
    }
    properties
}

/// What a wrapper fetches: the program itself, which builds everything else.
pub(crate) fn wrapper(text: &str) -> Option<Contents> {
    let mut packages = Packages::new();
    let mut others = BTreeMap::new();
    let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', '!'])).collect();
    let value = |key: &str| {
        lines.iter().find_map(|line| line.split_once(['=', ':']).filter(|(name, _)| name.trim() == key).map(|(_, value)| value))
    };
    let checksum = value("distributionSha256Sum").or_else(|| value("wrapperSha256Sum")).unwrap_or_default().trim().to_owned();
    for line in &lines {
        match line.split_once(['=', ':']) {
            Some((key, url)) if matches!(key.trim(), "distributionUrl" | "wrapperUrl") => {
                let url = url.trim().replace("\\:", ":");
                put(&mut packages, &url, "", Locked { origin: origin(&url), checksum: checksum.clone(), ..Locked::default() });
            }
            _ => *others.entry((*line).to_owned()).or_insert(0) += 1,
        }
    }
    Some(Contents { packages, others: Some(others.into_keys().collect()) })
}
