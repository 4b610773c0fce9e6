//! How a handler gets its visitor: the one that the guard has let in.

use super::Visitor;
use crate::refusal::PageError;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> std::result::Result<Self, PageError> {
        let visitor = parts.extensions.get::<Visitor>();
        visitor.cloned().ok_or_else(PageError::bug)
    }
}
