//! Reads the parts of a request into types. What does not fit is named by its field, in words that are no parser's.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use serde::{
    Deserialize,
    de::{DeserializeOwned, IntoDeserializer as _, value::StrDeserializer},
};
use utoipa::IntoParams;

use super::{absent::find_null, failure::Failure};
use crate::operations::access;

/// Items of a page unless a client asks for another number.
const PAGE: u32 = 50;
/// Items of the longest page.
const LONGEST_PAGE: u32 = 200;

/// The body of a request, JSON.
pub(super) struct Input<T>(pub(super) T);

/// The parameters behind the path.
pub(super) struct Parameters<T>(pub(super) T);

/// The segments of the path.
pub(super) struct Segments<T>(pub(super) T);

/// What is meant by a part of its id.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PartOfId {
    /// Its id, or any beginning or end of it.
    pub(super) id: String,
}

/// Who asks. Every route that is not public has one.
pub(super) struct Caller(pub(super) access::Caller);

/// Which page of a list is wanted.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Paging {
    /// The `next` of the page before; absent for the first.
    cursor: Option<String>,
    /// At most this many items.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
}

impl Paging {
    /// Where the page begins.
    pub(super) fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    /// How many items it has at most.
    pub(super) fn limit(&self) -> Result<u32, Failure> {
        page_length(self.limit)
    }
}

/// How many items a page has that is asked for with this `limit`.
pub(super) fn page_length(limit: Option<u32>) -> Result<u32, Failure> {
    match limit.unwrap_or(PAGE) {
        limit @ 1..=LONGEST_PAGE => Ok(limit),
        limit => {
            let message = format!("`limit` has to be a number from 1 to {LONGEST_PAGE}, and is {limit}.");
            Err(invalid("parameter_invalid", message).of_field("limit"))
        }
    }
}

/// The words of a parameter that may have several, with commas between them.
pub(super) fn words<T: DeserializeOwned>(field: &str, text: Option<&str>) -> Result<Vec<T>, Failure> {
    let read = |word: &str| {
        let word: StrDeserializer<'_, serde::de::value::Error> = word.into_deserializer();
        T::deserialize(word).map_err(|error| {
            let message = format!("The parameters cannot be read: {field}: {error}.");
            invalid("parameter_invalid", message).of_field(field)
        })
    };
    text.into_iter().flat_map(|text| text.split(',')).map(read).collect()
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let caller = parts.extensions.get::<access::Caller>().cloned();
        // A public route whose handler asks who calls.
        caller.map(Self).ok_or_else(super::authentication::missing)
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Input<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        check_media_type(request.headers())?;
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| of_body(&rejection))?;
        read_json(&bytes).map(Self)
    }
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let read = Query::<T>::try_from_uri(&parts.uri);
        read.map(|Query(parameters)| Self(parameters)).map_err(|rejection| {
            let (field, message) = describe(&cause(&rejection));
            with_field(invalid("parameter_invalid", format!("The parameters cannot be read: {message}.")), field)
        })
    }
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Segments<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let read = Path::<T>::from_request_parts(parts, state).await;
        // A segment that cannot be the name of anything names nothing.
        read.map(|Path(segments)| Self(segments)).map_err(|_| Failure::of_status(StatusCode::NOT_FOUND))
    }
}

/// A body that is not JSON cannot have been sent by a form of a web page.
fn check_media_type(headers: &HeaderMap) -> Result<(), Failure> {
    let named = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = named.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let failure = Failure::of_client(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type_unsupported", "The body has to be JSON.");
    Err(failure.advise("Send it with `content-type: application/json`."))
}

fn of_body(rejection: &BytesRejection) -> Failure {
    Failure::of_status(rejection.status())
}

/// Reads JSON; what does not fit is named by its path in the document.
pub(super) fn read_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    // A list would be read as the fields of an object, in their order.
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        return Err(invalid("body_invalid", "The body has to be a JSON object."));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        if inner.is_syntax() || inner.is_eof() {
            let message = format!("The body is not JSON: it cannot be read at line {}, column {}.", inner.line(), inner.column());
            return invalid("body_invalid", message);
        }
        let (named, message) = describe(&inner.to_string());
        let field = match (path.as_str(), named) {
            (".", named) => named,
            (path, Some(named)) if !path.ends_with(&named) => Some(format!("{path}.{named}")),
            (path, _) => Some(path.to_owned()),
        };
        with_field(invalid("body_invalid", format!("The body cannot be used: {message}.")), field)
    })?;
    reader.end().map_err(|_| invalid("body_invalid", "The body has more after the JSON."))?;
    reject_nulls::<T>(bytes)?;
    Ok(value)
}

/// Few bodies have the word at all, so few are read twice.
fn reject_nulls<T: DeserializeOwned>(bytes: &[u8]) -> Result<(), Failure> {
    if !bytes.windows(4).any(|word| word == b"null") {
        return Ok(());
    }
    let document = serde_json::from_slice(bytes).unwrap_or_default();
    match find_null::<T>(document) {
        Some(field) => {
            let failure = invalid("body_invalid", format!("The body cannot be used: `{field}` is null."));
            Err(failure.of_field(&field).advise("Leave an optional field out."))
        }
        None => Ok(()),
    }
}

fn invalid(code: &'static str, message: impl Into<String>) -> Failure {
    Failure::of_client(StatusCode::BAD_REQUEST, code, message)
}

fn with_field(failure: Failure, field: Option<String>) -> Failure {
    match field {
        Some(field) => failure.of_field(&field),
        None => failure,
    }
}

fn cause(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source()).last().map(ToString::to_string).unwrap_or_default()
}

/// What a deserializer says, without the place in the text, and the field that it names.
fn describe(error: &str) -> (Option<String>, String) {
    let message = error.split(" at line ").next().unwrap_or(error);
    let field = ["missing field `", "unknown field `", "duplicate field `"]
        .into_iter()
        .find_map(|start| message.strip_prefix(start)?.split('`').next())
        .map(str::to_owned);
    let field = field.or_else(|| message.split_once(": ").map(|(field, _)| field.to_owned()).filter(|field| is_word(field)));
    (field, message.to_owned())
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|character| character.is_ascii_lowercase() || character == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wanted {
        name: String,
        #[serde(default)]
        inner: Option<Inner>,
    }

    #[derive(Debug, Deserialize)]
    struct Inner {
        count: u32,
    }

    fn failure(body: &str) -> String {
        format!("{:?}", read_json::<Wanted>(body.as_bytes()).unwrap_err())
    }

    #[test]
    fn a_field_that_does_not_fit_is_named() {
        for (body, field) in [
            ("{}", "name"),
            (r#"{"name":"a","more":1}"#, "more"),
            (r#"{"name":7}"#, "name"),
            (r#"{"name":"a","inner":{"count":-1}}"#, "inner.count"),
            (r#"{"name":"a","inner":{}}"#, "inner.count"),
        ] {
            let failure = failure(body);
            assert!(failure.contains(&format!("field: Some(\"{field}\")")), "{body}: {failure}");
        }
        assert!(
            read_json::<Wanted>(br#"{"name":"a","inner":{"count":1}}"#)
                .is_ok_and(|read| { read.name == "a" && read.inner.is_some_and(|inner| inner.count == 1) })
        );
    }

    #[test]
    fn what_is_not_one_json_document_is_rejected() {
        for body in ["", "{", "x", "{\"name\":\"a\"} {}", "[1", "[]", " [\"a\"]", "\u{0}"] {
            let failure = failure(body);
            assert!(failure.contains("body_invalid"), "{failure}");
        }
        assert!(read_json::<serde_json::Value>(&[0xff, 0xfe]).is_err());
        assert!(read_json::<serde_json::Value>("[".repeat(10_000).as_bytes()).is_err());
    }

    #[test]
    fn a_page_has_1_to_200_items() {
        let limit = |limit| Paging { cursor: None, limit }.limit().ok();
        assert_eq!([limit(None), limit(Some(1)), limit(Some(200))], [Some(50), Some(1), Some(200)]);
        assert_eq!([limit(Some(0)), limit(Some(201))], [None, None]);
    }
}
