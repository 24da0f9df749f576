//! Names of images: what one may look like, and where the official ones are fetched from.

/// Whether a text can be the name of an image. Whether there is one, the engine knows.
pub(super) fn is_one(text: &str) -> bool {
    const LONGEST: usize = 255;
    let plain = |character: char| character.is_ascii_alphanumeric() || "._-/:@".contains(character);
    !text.is_empty() && text.len() <= LONGEST && text.starts_with(|first: char| first.is_ascii_alphanumeric()) && text.chars().all(plain)
}

/// The name by which it is fetched: from the operator's own copy of Docker Hub, where there is one.
pub(super) fn fetched_as(image: &str, mirror: Option<&str>) -> String {
    let Some(mirror) = mirror else { return image.to_owned() };
    match image.split_once('/') {
        None if image.contains('@') || !is_id(image) => format!("{mirror}/library/{image}"),
        None => image.to_owned(),
        // A first part with a dot or a port is a registry.
        Some((first, _)) if first.contains(['.', ':']) || first == "localhost" => image.to_owned(),
        Some(_) => format!("{mirror}/{image}"),
    }
}

/// Whether it is the id of an image of this machine.
pub(super) fn is_id(image: &str) -> bool {
    image.strip_prefix("sha256:").is_some_and(|digits| digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_comes_from_docker_hub_comes_from_its_copy() {
        let mirrored = |image: &str| fetched_as(image, Some("10.0.0.1:5000/hub"));
        assert_eq!(mirrored("python:3.12"), "10.0.0.1:5000/hub/library/python:3.12");
        assert_eq!(mirrored("oven/bun:1"), "10.0.0.1:5000/hub/oven/bun:1");
        for elsewhere in ["ghcr.io/astral-sh/uv:latest", "localhost/a", "127.0.0.1:5000/a:1"] {
            assert_eq!(mirrored(elsewhere), elsewhere);
        }
        let id = format!("sha256:{}", "a".repeat(64));
        assert_eq!(mirrored(&id), id);
        assert_eq!(fetched_as("python", None), "python");
        assert!(is_one("ghcr.io/a/b@sha256:12") && !is_one("-v") && !is_one("a b") && !is_one("a\n"));
    }
}
