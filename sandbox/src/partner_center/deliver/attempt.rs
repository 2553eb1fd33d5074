//! One attempt to deliver an event.

use super::super::events::Event;
use super::super::registration::Registration;
use crate::certificates::Signing;
use crate::world::World;

/// One POST. A 2xx delivers; everything else is a failure (what counts is not documented).
pub(super) async fn post(world: &World, event: &Event) -> Result<String, String> {
    let _permit = world.deliveries.permits.acquire().await.map_err(|error| error.to_string())?;
    // Read anew each time: the last registration wins, for waiting events as well (S31).
    let registration = world.webhooks.with(|webhooks| webhooks.registration.clone());
    let Registration { url, signature_in_own_header, .. } = registration.ok_or_else(|| "no registration".to_owned())?;
    let body = event.body(&world.behaviours).to_string();
    let seal = world.signing.with(Signing::seal).map_err(|error| error.to_string())?;
    let stamp = seal.stamp(body.into_bytes()).map_err(|error| error.to_string())?;
    let mut request = world
        .deliveries
        .client
        .post(url)
        .header("content-type", "application/json")
        .header("accept-encoding", "gzip, deflate")
        .body(stamp.body);
    let header = if signature_in_own_header { "x-ms-signature" } else { "authorization" };
    let algorithm = stamp.algorithm.map(str::to_owned);
    for (name, value) in [
        (header, stamp.signature),
        ("x-ms-certificate-url", stamp.certificate_url),
        ("x-ms-signature-algorithm", algorithm),
    ] {
        if let Some(value) = value {
            request = request.header(name, value);
        }
    }
    let response = request.send().await.map_err(|error| error.without_url().to_string())?;
    let status = response.status();
    let text = status.canonical_reason().unwrap_or("").replace(' ', "");
    if status.is_success() { Ok(text) } else { Err(format!("{} {text}", status.as_u16())) }
}
