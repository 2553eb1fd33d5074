//! The events: signed as Partner Center signs them, and laid out as requests before anything is measured.

use cosell_sandbox::Certificates;
use serde_json::json;

use crate::Failure;
use crate::back_end::{BackEnd, CERTIFICATE};

/// Where every program takes events in.
pub(crate) const PATH: &str = "/webhooks/events/referral";

/// A request for each deal's event, ready to be written to a connection.
pub(crate) fn requests(back_end: &BackEnd, certificates: &Certificates, deals: usize) -> Result<Vec<Vec<u8>>, Failure> {
    (0..deals).map(|number| request(back_end, certificates, number)).collect()
}

fn request(back_end: &BackEnd, certificates: &Certificates, number: usize) -> Result<Vec<u8>, Failure> {
    let url = back_end.url();
    let body = json!({
        "EventName": "referral-updated",
        "ResourceUri": format!("{url}/v1.0/engagements/referrals/{}", back_end.deal(number)),
        "ResourceName": "referral",
        "AuditUri": null,
        "ResourceChangeUtcDate": "2026-11-22T08:00:00.0000000+00:00",
    })
    .to_string();
    let signature = certificates.sign(body.as_bytes())?;
    let head = format!(
        "POST {PATH} HTTP/1.1\r\n\
         host: localhost\r\n\
         content-type: application/json\r\n\
         authorization: Signature {signature}\r\n\
         x-ms-certificate-url: {url}{CERTIFICATE}\r\n\
         x-ms-signature-algorithm: rsa-sha256\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    Ok([head, body].concat().into_bytes())
}
