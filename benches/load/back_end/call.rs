//! What a request asks for.

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Uri};

use super::{CERTIFICATE, deal};

/// The Web API of Dataverse.
const DATAVERSE: &str = "/api/data/v9.2/";

/// A request to one of the services.
pub(super) enum Call<'a> {
    /// The certificate that signs the events.
    Certificate,
    /// A token.
    Token,
    /// What is known of a table of Dataverse.
    Definition { table: &'a str },
    /// A referral of Partner Center.
    Referral { number: usize },
    /// The opportunities with the id of a referral; `select` names the columns, where not all are wanted.
    Find { number: usize, select: Option<&'a str> },
    /// An opportunity by its own id.
    Get { id: &'a str, select: Option<&'a str> },
    /// A new opportunity.
    Create { body: &'a [u8] },
    /// Other values for an opportunity of a version.
    Update { id: &'a str, version: Option<&'a str>, body: &'a [u8] },
    /// A note on an opportunity.
    Note { body: &'a [u8] },
    /// Something else.
    Unknown { method: &'a Method, uri: &'a Uri },
}

impl<'a> Call<'a> {
    pub(super) fn read(method: &'a Method, uri: &'a Uri, headers: &'a HeaderMap, body: &'a Bytes) -> Call<'a> {
        let path = uri.path();
        match path.strip_prefix(DATAVERSE) {
            Some(rest) => Call::dataverse(method, rest, uri, headers, body),
            None if path.starts_with("/v1.0/engagements/referrals/") => {
                deal::number_in(path).map_or(Call::Unknown { method, uri }, |number| Call::Referral { number })
            }
            None if path.ends_with("/oauth2/v2.0/token") => Call::Token,
            None if path == CERTIFICATE => Call::Certificate,
            None => Call::Unknown { method, uri },
        }
    }

    fn dataverse(method: &'a Method, path: &'a str, uri: &'a Uri, headers: &'a HeaderMap, body: &'a Bytes) -> Call<'a> {
        let query = uri.query().unwrap_or_default();
        let select = query.split('&').find_map(|part| part.strip_prefix("$select="));
        let (set, id) = path.split_once('(').map_or((path, None), |(set, id)| (set, id.strip_suffix(')')));
        match (method.as_str(), set, id) {
            ("GET", "opportunities", None) => {
                deal::number_in(query).map_or(Call::Unknown { method, uri }, |number| Call::Find { number, select })
            }
            ("GET", "opportunities", Some(id)) => Call::Get { id, select },
            ("POST", "opportunities", None) => Call::Create { body },
            ("PATCH", "opportunities", Some(id)) => {
                let version = headers.get("if-match").and_then(|version| version.to_str().ok());
                Call::Update { id, version, body }
            }
            ("POST", "annotations", None) => Call::Note { body },
            ("GET", "EntityDefinitions", Some(name)) => {
                Call::Definition { table: name.trim_start_matches("LogicalName=").trim_matches('\'') }
            }
            _ => Call::Unknown { method, uri },
        }
    }
}
