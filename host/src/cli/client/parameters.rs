//! What a request says behind its path. Knows no route.

use serde::Serialize;
use serde_json::Value;

/// The parameters of a request, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::cli) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// The fields of an operation's request: what is absent or false is left out, and lists of words have commas.
    pub(super) fn of(request: &impl Serialize) -> Self {
        let Ok(Value::Object(fields)) = serde_json::to_value(request) else { return Self::default() };
        Self(fields.into_iter().filter_map(|(name, value)| Some((name, text_of(&value)?))).collect())
    }

    /// The same without some that the path has, or that are given for each page.
    #[must_use]
    pub(super) fn without(self, names: &[&str]) -> Self {
        Self(self.0.into_iter().filter(|(name, _)| !names.contains(&name.as_str())).collect())
    }

    /// The same with one by its name in the API.
    #[must_use]
    pub(super) fn renamed(self, name: &str, known_as: &str) -> Self {
        let renamed = |(own, value): (String, String)| if own == name { (known_as.to_owned(), value) } else { (own, value) };
        Self(self.0.into_iter().map(renamed).collect())
    }

    /// The same with another, in the place of one of that name.
    #[must_use]
    pub(super) fn with(self, name: &str, value: Option<impl ToString>) -> Self {
        let mut parameters = self.without(&[name]).0;
        parameters.extend(value.map(|value| (name.to_owned(), value.to_string())));
        Self(parameters)
    }

    /// Names and values.
    pub(in crate::cli) fn pairs(&self) -> &[(String, String)] {
        &self.0
    }
}

/// What a change says beside its path.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    /// Behind the path.
    pub(super) parameters: Parameters,
    /// In the body.
    pub(super) body: Option<Value>,
}

impl Fields {
    /// The fields of an operation's request in the body, without those that the path has.
    pub(super) fn of(request: &impl Serialize, in_path: &[&str]) -> Self {
        let mut body = serde_json::to_value(request).unwrap_or_default();
        if let Value::Object(fields) = &mut body {
            in_path.iter().for_each(|name| drop(fields.remove(*name)));
            // Options lie beside the other fields.
            if let Some(Value::Object(options)) = fields.remove("options") {
                fields.extend(options);
            }
        }
        Self { body: Some(body), ..Self::default() }
    }

    /// Nothing but these parameters.
    pub(super) fn behind(parameters: Parameters) -> Self {
        Self { parameters, body: None }
    }
}

impl From<Vec<(String, String)>> for Parameters {
    fn from(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Bool(false) => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(items) if items.is_empty() => None,
        Value::Array(items) => Some(items.iter().filter_map(text_of).collect::<Vec<_>>().join(",")),
        value => Some(value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::{
        execution::RunOptions,
        runs::{ListRuns, ResumeRun, StateWord},
    };

    #[test]
    fn a_request_is_written_as_parameters() {
        let states = vec![StateWord::Paused, StateWord::Failed];
        let request = ListRuns { all: true, project: Some("shop".to_owned()), states, limit: 5, ..ListRuns::default() };
        let parameters = Parameters::of(&request).without(&["limit"]).renamed("project", "in").with("cursor", Some("7"));
        let pairs: Vec<_> = parameters.pairs().iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("all", "true"), ("in", "shop"), ("states", "paused,failed"), ("cursor", "7")]);
    }

    #[test]
    fn options_lie_beside_the_fields_of_a_body() {
        let request = ResumeRun { run: "a".to_owned(), options: Some(RunOptions::with_model("lab/x")), on_current: true, at: None };
        let body = Fields::of(&request, &["run"]).body.unwrap();
        assert_eq!(body.to_string(), r#"{"on_current":true,"model":"lab/x"}"#);
    }
}
