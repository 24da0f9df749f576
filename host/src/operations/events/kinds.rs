//! All kinds of events, by the rooms that emit them. Describes none itself.

use crate::{accounts, app, events::EventKind, interfaces, journal, kernel};

/// Every kind of event, in the order of the rooms.
pub fn kinds() -> impl Iterator<Item = &'static EventKind> {
    let of_kernel =
        [kernel::events::EVENTS, kernel::granting::events::EVENTS, kernel::projects::events::EVENTS, kernel::slots::events::EVENTS];
    let others = [journal::events::EVENTS, app::events::EVENTS, accounts::events::EVENTS];
    others.into_iter().chain(of_kernel).chain(interfaces::EVENTS.iter().copied()).flatten()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{super::sample::sample, *};

    #[test]
    fn every_payload_reads_what_it_writes_and_fits_its_schema() {
        for kind in kinds() {
            let (name, schema) = (format!("{}.{}", kind.category.as_str(), kind.name), kind.schema());
            let validator = jsonschema::draft202012::new(&schema).unwrap_or_else(|error| panic!("{name}: {error}"));
            for all in [true, false] {
                let sample = sample(&schema, &schema, all);
                assert!(validator.is_valid(&sample), "{name} has a schema that its sample does not fit: {sample}");
                let written = kind.reread(sample.clone()).unwrap_or_else(|error| panic!("{name} does not read {sample}: {error}"));
                assert!(validator.is_valid(&written), "{name} writes what its schema forbids: {written}");
                assert_eq!(kind.reread(written.clone()).unwrap(), written, "{name}");
                if all {
                    assert_eq!(written, sample, "{name} loses something");
                }
            }
        }
    }

    #[test]
    fn every_kind_has_a_name_of_its_own_and_every_key_is_snake_case() {
        let mut names = BTreeSet::new();
        for kind in kinds() {
            assert!(names.insert((kind.category.as_str(), kind.name)), "{} is there twice", kind.name);
            let is_snake = |name: &str| name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
            assert!(is_snake(kind.name), "{}", kind.name);
            let sample = sample(&kind.schema(), &kind.schema(), true);
            assert!(sample.as_object().unwrap().keys().all(|key| is_snake(key)), "{}: {sample}", kind.name);
        }
        assert!(names.len() > 70, "{}", names.len());
    }
}
