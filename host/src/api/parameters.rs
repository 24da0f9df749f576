//! The parameters that each route knows, from the document: another one is a mistake of the client's, which would otherwise be
//! answered as if it had not asked for anything special.

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    extract::Query,
    http::{StatusCode, Uri},
};
use serde_json::Value;

use super::{
    ROOT,
    failure::Failure,
    routes::{ROUTES, Route},
};

/// The names of the parameters behind the path, by method and path.
pub(super) struct KnownParameters(BTreeMap<(&'static str, &'static str), BTreeSet<String>>);

impl KnownParameters {
    /// Those that a document describes.
    pub(super) fn of(document: &Value) -> Self {
        let of_route = |route: &Route| {
            let path = format!("{ROOT}{}", route.path);
            let operation = document["paths"].get(path).and_then(|item| item.get(route.method.to_lowercase()));
            let parameters = operation.and_then(|operation| operation["parameters"].as_array()).into_iter().flatten();
            let names = parameters.filter(|parameter| parameter["in"] == "query").filter_map(|parameter| parameter["name"].as_str());
            ((route.method, route.path), names.map(str::to_owned).collect())
        };
        Self(ROUTES.iter().map(of_route).collect())
    }

    /// Checks that a request has none but these.
    pub(super) fn check(&self, route: &Route, uri: &Uri) -> Result<(), Failure> {
        let given = Query::<Vec<(String, String)>>::try_from_uri(uri);
        let Query(given) = given.map_err(|_| invalid("The parameters behind the path cannot be read."))?;
        let Some(known) = self.0.get(&(route.method, route.path)) else { return Ok(()) };
        let Some((unknown, _)) = given.iter().find(|(name, _)| !known.contains(name)) else { return Ok(()) };
        let shown: String = unknown.chars().take(100).flat_map(char::escape_debug).collect();
        let failure = invalid(&format!("The parameter `{shown}` is not known.")).of_field(&shown);
        let names: Vec<&str> = known.iter().map(String::as_str).collect();
        Err(match names.as_slice() {
            [] => failure.advise("This route has no parameters."),
            names => failure.advise(&format!("Use {}.", names.join(", "))),
        })
    }
}

fn invalid(message: &str) -> Failure {
    Failure::of_client(StatusCode::BAD_REQUEST, "parameter_invalid", message)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_parameter_that_a_route_does_not_know_is_named_with_those_that_it_does() {
        let parameters = json!([{ "in": "query", "name": "limit" }, { "in": "path", "name": "run" }]);
        let known = KnownParameters::of(&json!({ "paths": { "/api/v1/runs": { "get": { "parameters": parameters } } } }));
        let route = ROUTES.iter().find(|route| route.path == "/runs" && route.method == "GET").unwrap();
        let check = |uri: &str| known.check(route, &uri.parse().unwrap()).map_err(|failure| format!("{failure:?}"));
        assert!(check("/api/v1/runs").is_ok() && check("/api/v1/runs?limit=5").is_ok());
        for wrong in ["/api/v1/runs?limits=5", "/api/v1/runs?run=5", "/api/v1/runs?limit=5&x"] {
            let failure = check(wrong).unwrap_err();
            assert!(failure.contains("parameter_invalid") && failure.contains("Use limit."), "{failure}");
        }
    }
}
