//! The parts of a batch as text.
//!
//! Lines end in CRLF; a body with bare line feeds between its parts cannot be read, as with the real service.

use uuid::Uuid;

use crate::dataverse::reply::Reply;

/// Names in lower case, and values.
type Headers = Vec<(String, String)>;

/// One part: its headers, names in lower case, and what follows them.
pub(super) struct Part {
    headers: Headers,
    pub(super) body: String,
}

/// A request inside a part.
pub(super) struct Inner {
    pub(super) method: String,
    pub(super) url: String,
    pub(super) headers: Headers,
    pub(super) body: String,
}

impl Part {
    /// A header of the part.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// What stands between the parts, by the header that says so.
pub(super) fn boundary(content_type: &str) -> Option<String> {
    let at = content_type.to_ascii_lowercase().find("boundary=")?;
    let value = content_type.get(at + "boundary=".len()..)?;
    let value = value.split(';').next().unwrap_or_default().trim().trim_matches('"');
    (content_type.starts_with("multipart/mixed") && !value.is_empty()).then(|| value.to_owned())
}

/// The parts of a body; `None` when it cannot be read.
pub(super) fn parts(text: &str, boundary: &str) -> Option<Vec<Part>> {
    let (begin, end) = (format!("--{boundary}"), format!("--{boundary}--"));
    let mut lines = text.split("\r\n").skip_while(|line| *line != begin);
    lines.next()?;
    let mut parts = Vec::new();
    let mut current = Vec::new();
    for line in lines {
        if line == begin || line == end {
            parts.push(part(&current)?);
            current.clear();
        } else {
            current.push(line);
        }
        if line == end {
            return Some(parts);
        }
    }
    None
}

/// Headers, an empty line, and the rest. One empty line may stand before them.
fn part(lines: &[&str]) -> Option<Part> {
    let (headers, rest) = headers(lines)?;
    Some(Part { headers, body: rest.join("\r\n") })
}

fn headers<'a, 'b>(lines: &'a [&'b str]) -> Option<(Headers, &'a [&'b str])> {
    let end = lines.iter().position(|line| line.is_empty()).unwrap_or(lines.len());
    let header = |line: &&str| {
        let (name, value) = line.split_once(':')?;
        Some((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
    };
    let headers = lines.get(..end)?.iter().map(header).collect::<Option<Vec<_>>>()?;
    Some((headers, lines.get(end + 1..).unwrap_or_default()))
}

/// The request inside a part: its line, its headers, an empty line, its body.
pub(super) fn inner_request(text: &str) -> Option<Inner> {
    let lines: Vec<&str> = text.split("\r\n").skip_while(|line| line.trim().is_empty()).collect();
    let (line, rest) = lines.split_first()?;
    let (method, rest_of_line) = line.trim().split_once(' ')?;
    // The address may hold spaces of its own.
    let (url, _) = rest_of_line.rsplit_once(" HTTP/")?;
    let (headers, body) = headers(rest)?;
    Some(Inner {
        method: method.to_ascii_uppercase(),
        url: url.trim().to_owned(),
        headers,
        body: body.join("\r\n").trim_end().to_owned(),
    })
}

/// An answer as a part.
pub(super) fn wrapped(reply: &Reply, content_id: Option<&str>) -> String {
    let mut text = String::from("Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n");
    if let Some(id) = content_id {
        text.push_str(&format!("Content-ID: {id}\r\n"));
    }
    let status = reply.status;
    let reason = status.canonical_reason().unwrap_or_default();
    text.push_str(&format!("\r\nHTTP/1.1 {} {reason}\r\n", status.as_u16()));
    for (name, value) in &reply.headers {
        text.push_str(&format!("{}: {value}\r\n", title(name)));
    }
    text.push_str("OData-Version: 4.0\r\n");
    let body = reply.body();
    if let Some((kind, _)) = &body {
        text.push_str(&format!("Content-Type: {kind}\r\n"));
    }
    text.push_str("\r\n");
    text.push_str(&body.map(|(_, body)| body).unwrap_or_default());
    text
}

/// The answers of a change set as one part.
pub(super) fn shown(replies: &[String]) -> String {
    let ends = format!("changesetresponse_{}", Uuid::new_v4());
    let mut text = format!("Content-Type: multipart/mixed; boundary={ends}\r\n\r\n");
    for reply in replies {
        text.push_str(&format!("--{ends}\r\n{reply}\r\n"));
    }
    text.push_str(&format!("--{ends}--\r\n"));
    text
}

/// Headers as the service writes them; some clients mind.
fn title(name: &str) -> &str {
    match name {
        "odata-entityid" => "OData-EntityId",
        "location" => "Location",
        "etag" => "ETag",
        "preference-applied" => "Preference-Applied",
        other => other,
    }
}
