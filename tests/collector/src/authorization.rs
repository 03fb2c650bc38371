//! The key a request carries.

use axum::extract::Query;
use axum::http::{HeaderMap, Uri, header};
use serde::{Deserialize, Serialize};

/// Where a request carried its key, right or wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthorizationKind {
    /// In `Authorization: Bearer`, as documented.
    Bearer,
    /// In `?access_token=`, which is not in the contract.
    AccessToken,
    /// Nowhere, or in a form that is neither.
    None,
}

/// Why a request is answered with 401.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AuthorizationError {
    #[error("the Authorization header is missing")]
    Missing,
    #[error("the Authorization header must be `Bearer <API key>`")]
    NotBearer,
    #[error("the API key is not known")]
    UnknownKey,
    #[error("the API key belongs in the Authorization header, not in ?access_token=")]
    AccessToken,
}

/// What a request says about who it is from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Credentials {
    Bearer(String),
    AccessToken(String),
    NotBearer,
    Missing,
}

impl Credentials {
    pub(crate) fn of(headers: &HeaderMap, uri: &Uri) -> Self {
        #[derive(Deserialize)]
        struct Parameters {
            access_token: String,
        }
        if let Some(value) = headers.get(header::AUTHORIZATION) {
            let parts = value.to_str().ok().and_then(|value| value.split_once(' '));
            // RFC 9110 §11.1: the scheme's name has no case.
            return match parts {
                Some((scheme, key)) if scheme.eq_ignore_ascii_case("Bearer") => {
                    Self::Bearer(key.trim().into())
                }
                _ => Self::NotBearer,
            };
        }
        match Query::<Parameters>::try_from_uri(uri) {
            Ok(Query(parameters)) => Self::AccessToken(parameters.access_token),
            Err(_) => Self::Missing,
        }
    }

    pub(crate) fn kind(&self) -> AuthorizationKind {
        match self {
            Self::Bearer(_) => AuthorizationKind::Bearer,
            Self::AccessToken(_) => AuthorizationKind::AccessToken,
            Self::NotBearer | Self::Missing => AuthorizationKind::None,
        }
    }

    /// Checks them against the one key that is known.
    pub(crate) fn authorize(&self, api_key: &str, lenient: bool) -> Result<(), AuthorizationError> {
        match self {
            Self::Missing => Err(AuthorizationError::Missing),
            Self::NotBearer => Err(AuthorizationError::NotBearer),
            Self::AccessToken(_) if !lenient => Err(AuthorizationError::AccessToken),
            Self::Bearer(key) | Self::AccessToken(key) if key == api_key => Ok(()),
            Self::Bearer(_) | Self::AccessToken(_) => Err(AuthorizationError::UnknownKey),
        }
    }
}

impl AuthorizationKind {
    pub(crate) const ALL: [Self; 3] = [Self::Bearer, Self::AccessToken, Self::None];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Bearer => "bearer",
            Self::AccessToken => "access_token",
            Self::None => "none",
        }
    }
}
