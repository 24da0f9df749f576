//! Builds of Maven and Gradle. Both are programs; only what is commonly written in them is found.

use super::{Folder, between};
use crate::app::environment::tools::Tool;

pub(super) fn read(folder: &mut Folder<'_>) {
    if let Some(text) = folder.text("pom.xml") {
        let version = ["maven.compiler.release", "java.version", "maven.compiler.target", "maven.compiler.source", "release", "source"]
            .into_iter()
            .filter_map(|name| between(&text, &format!("<{name}>"), &format!("</{name}>")))
            .find(|version| !version.starts_with('$'));
        folder.need(Tool::Maven, version, "pom.xml");
    }
    let Some(name) =
        ["build.gradle.kts", "build.gradle", "settings.gradle.kts", "settings.gradle"].into_iter().find(|name| folder.holds(name))
    else {
        return;
    };
    let text = folder.text(name).unwrap_or_default();
    folder.need(Tool::Gradle, java_of_gradle(&text).as_deref(), name);
    if let Some(text) = folder.text("gradle/wrapper/gradle-wrapper.properties") {
        let distribution = text.lines().find_map(|line| line.trim().strip_prefix("distributionUrl"));
        let version = distribution
            .and_then(|url| between(url, "/gradle-", "-"))
            .filter(|version| version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'));
        folder.said.gradle = version.map(str::to_owned);
    }
}

/// The Java of a toolchain, or of the code.
fn java_of_gradle(text: &str) -> Option<String> {
    for begin in ["JavaLanguageVersion.of(", "jvmToolchain(", "JavaVersion.VERSION_", "sourceCompatibility", "targetCompatibility"] {
        let Some((_, rest)) = text.split_once(begin) else { continue };
        let rest = rest.trim_start_matches([' ', '=', '\'', '"', '(']);
        let version: String =
            rest.chars().take_while(|character| character.is_ascii_digit() || matches!(character, '.' | '_')).take(8).collect();
        let version = version.replace('_', ".").trim_end_matches('.').to_owned();
        if !version.is_empty() {
            return Some(version);
        }
    }
    None
}
