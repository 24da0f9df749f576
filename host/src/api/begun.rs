//! The answer to a request that made or began something: where it is found from then on. Decides no status of a problem.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::ROOT;

/// Something that was begun and is done from now on: 202, with the path below [`ROOT`] where it is followed.
pub(super) struct Begun<T> {
    path: String,
    body: T,
}

impl<T> Begun<T> {
    /// What is followed at `path`, below [`ROOT`].
    pub(super) fn at(path: String, body: T) -> Self {
        Self { path, body }
    }
}

impl<T: Serialize> IntoResponse for Begun<T> {
    fn into_response(self) -> Response {
        let mut response = (StatusCode::ACCEPTED, Json(self.body)).into_response();
        // A path is made of words of ours and ids.
        if let Ok(location) = HeaderValue::from_str(&format!("{ROOT}{}", self.path)) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        response
    }
}
