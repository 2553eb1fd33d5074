//! Requests made by chance: whatever is sent, a service answers with an error of its own shape, never with a 500, and
//! soon. `COSELL_BAD_INPUT_SECONDS` lets it go on for so long, `COSELL_BAD_INPUT_SEED` repeats one.

#![expect(clippy::print_stdout, reason = "a random test tells its seed")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Harness, Host, referral};

/// Requests where no time is given.
const REQUESTS: u64 = 1_500;

/// The longest that an answer may take.
const SOON: Duration = Duration::from_secs(10);

/// Numbers by chance that a seed repeats (splitmix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }

    fn seldom(&mut self) -> bool {
        self.below(8) == 0
    }
}

/// One request.
struct Shot {
    target: Target,
    method: Method,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl std::fmt::Debug for Shot {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Shot { target, method, path, headers, body } = self;
        let body = String::from_utf8_lossy(body);
        write!(out, "{target:?} {method} {path} {headers:?} {}", body.get(..2_000).unwrap_or(&body))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Entra,
    Referrals,
    PartnerCenter,
}

#[tokio::test]
async fn bad_input_gets_the_documented_error_and_never_a_500_or_a_hang() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seconds = number("COSELL_BAD_INPUT_SECONDS");
    let fresh = || u64::from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos());
    let seed = number("COSELL_BAD_INPUT_SEED").unwrap_or_else(fresh);
    println!("COSELL_BAD_INPUT_SEED={seed}");
    let mut chance = Chance(seed);
    let harness = Harness::start().await;
    let deal = harness.json(Host::Referrals, "POST", super::referrals::PATH, referral()).await;
    let begun = Instant::now();
    let mut fired = 0;
    let go_on = |fired| seconds.map_or(fired < REQUESTS, |seconds| begun.elapsed().as_secs() < seconds);
    while go_on(fired) {
        let shot = shot(&mut chance, &harness, deal["id"].as_str().unwrap());
        fire(&harness, &shot, seed).await;
        fired += 1;
    }
    println!("{fired} requests in {} s", begun.elapsed().as_secs());
    // The state is still sound.
    harness.json(Host::Referrals, "GET", &format!("{}?$count=true", super::referrals::PATH), Value::Null).await;
}

async fn fire(harness: &Harness, shot: &Shot, seed: u64) {
    let (base, token) = match shot.target {
        Target::Entra => (&harness.sandbox.addresses().entra, None),
        Target::Referrals => (&harness.sandbox.addresses().referrals, harness.tokens.get(&Host::Referrals)),
        Target::PartnerCenter => {
            (&harness.sandbox.addresses().partner_center, harness.tokens.get(&Host::PartnerCenter))
        }
    };
    let Ok(url) = reqwest::Url::parse(&format!("{base}{}", shot.path)) else { return };
    let mut request = harness.client.request(shot.method.clone(), url).body(shot.body.clone()).timeout(SOON);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    for (name, value) in &shot.headers {
        request = request.header(*name, value.as_str());
    }
    let response = match request.send().await {
        Err(error) if error.is_builder() => return,
        response => response.unwrap_or_else(|error| panic!("seed {seed}: {error}: {shot:?}")),
    };
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    assert!(status < 500, "seed {seed}: {status} {text}: {shot:?}");
    if status < 400 || shot.method == Method::HEAD {
        return;
    }
    let body: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
    let shaped = match shot.target {
        Target::Entra => body["error"].is_string() && body["error_codes"][0].is_u64() && body["trace_id"].is_string(),
        Target::Referrals => body["error"]["code"].is_string() && body["error"]["innerError"].is_object(),
        // Too much is said in another shape on this host.
        Target::PartnerCenter => body["source"] == "PartnerFD" || body["statusCode"] == 429,
    };
    assert!(shaped, "seed {seed}: {status} {text}: {shot:?}");
}

fn shot(chance: &mut Chance, harness: &Harness, deal: &str) -> Shot {
    let target = [Target::Entra, Target::Referrals, Target::Referrals, Target::PartnerCenter][chance.below(4)];
    let method =
        [Method::GET, Method::POST, Method::PATCH, Method::PUT, Method::DELETE, Method::HEAD][chance.below(6)].clone();
    let (path, body) = match target {
        Target::Entra => entra(chance, harness),
        Target::Referrals => (referrals_path(chance, deal), json_body(chance)),
        Target::PartnerCenter => (hooks_path(chance), json_body(chance)),
    };
    let mut headers = Vec::new();
    let form = "application/x-www-form-urlencoded".to_owned();
    let kind = if target == Target::Entra && !chance.seldom() { form } else { word(chance) };
    headers.push(("content-type", kind));
    if chance.seldom() {
        headers.push(("if-match", word(chance)));
    }
    if chance.seldom() {
        headers.push(("prefer", "return=representation".to_owned()));
    }
    if target == Target::Entra && chance.seldom() {
        headers.push(("authorization", format!("Basic {}", word(chance))));
    }
    Shot { target, method, path, headers, body: broken(chance, body) }
}

/// A word from the services' own language, or one that is in none.
fn word(chance: &mut Chance) -> String {
    const WORDS: [&str; 31] = [
        "",
        "x",
        "'",
        "\"",
        "null",
        "-1",
        "99999999999999999999",
        "1e400",
        "true",
        "status",
        "New",
        "Closed",
        "Won",
        "eq",
        "and",
        "not",
        "(",
        ")",
        "/",
        "team",
        "any",
        "t:t/email",
        "2020-01-01T00:00:00Z",
        "%",
        "%00",
        "%ff",
        "é✓",
        "SOL-1",
        "msft",
        "11111111-1111-4111-8111-111111111111",
        "$filter",
    ];
    chance.one(&WORDS).to_owned()
}

fn words(chance: &mut Chance, most: usize, between: &str) -> String {
    let count = chance.below(most);
    (0..count).map(|_| word(chance)).collect::<Vec<_>>().join(between)
}

fn referrals_path(chance: &mut Chance, deal: &str) -> String {
    let base = super::referrals::PATH;
    let path = match chance.below(6) {
        0 => return format!("/{}", words(chance, 5, "/")),
        1 => format!("{base}/{}", word(chance)),
        2 | 3 => format!("{base}/{deal}"),
        _ => base.to_owned(),
    };
    let options = ["$filter", "$orderby", "$top", "$skip", "$select", "$count", "$expand", "$skiptoken", "%24filter"];
    let mut query = Vec::new();
    for _ in 0..chance.below(4) {
        let depth = if chance.seldom() { 500 } else { 1 };
        let value = format!("{}{}", "(".repeat(depth - 1), words(chance, 8, " "));
        query.push(format!("{}={value}", chance.one(&options)));
    }
    format!("{path}?{}", query.join("&"))
}

fn hooks_path(chance: &mut Chance) -> String {
    let base = "/webhooks/v1/registration";
    match chance.below(5) {
        0 => format!("/{}", words(chance, 5, "/")),
        1 => format!("{base}/events?{}", word(chance)),
        2 => format!("{base}/validationEvents"),
        3 => format!("{base}/validationEvents/{}", word(chance)),
        _ => base.to_owned(),
    }
}

fn entra(chance: &mut Chance, harness: &Harness) -> (String, Vec<u8>) {
    let credentials = harness.sandbox.credentials();
    let tenant = if chance.seldom() { word(chance) } else { credentials.tenant.clone() };
    let ends = [
        "oauth2/token",
        "oauth2/v2.0/token",
        "oauth2/v2.0/devicecode",
        "oauth2/devicecode",
        "discovery/v2.0/keys",
        "v2.0/.well-known/openid-configuration",
        "discovery/instance?authorization_endpoint=x",
        "oauth2/deviceauth",
        "x",
    ];
    let names = [
        "grant_type",
        "client_id",
        "client_secret",
        "scope",
        "resource",
        "refresh_token",
        "device_code",
        "client_assertion",
        "client_assertion_type",
        "username",
        "password",
        "code",
    ];
    let grants = ["client_credentials", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code", "password"];
    let mut form = url_form(&[
        ("grant_type", chance.one(&grants)),
        ("client_id", &credentials.client_id),
        ("client_secret", &credentials.client_secret),
    ]);
    for _ in 0..chance.below(4) {
        let value = if chance.seldom() { "x.y.z".to_owned() } else { words(chance, 4, " ") };
        form = format!("{form}&{}", url_form(&[(chance.one(&names), &value)]));
    }
    (format!("/{tenant}/{}", chance.one(&ends)), form.into_bytes())
}

fn url_form(pairs: &[(&str, &str)]) -> String {
    let url = reqwest::Url::parse_with_params("http://form.invalid/", pairs).unwrap();
    url.query().unwrap_or_default().to_owned()
}

/// A body that is right but for a place or two, or none that anybody sends.
fn json_body(chance: &mut Chance) -> Vec<u8> {
    let registration = json!({"WebhookUrl": "http://127.0.0.1:9/", "WebhookEvents": ["test-created"]});
    let patch = json!([{"op": "replace", "path": "/details/dealValue", "value": 1}]);
    let add = json!([{"op": "add", "path": "/registrations/-", "value": {"type": "AzureIPCoSell", "contract": {}}}]);
    let mut body = [referral(), registration, patch, add][chance.below(4)].clone();
    for _ in 0..chance.below(4) {
        spoil(chance, &mut body);
    }
    if chance.below(40) == 0 {
        return "[".repeat(100_000).into_bytes();
    }
    body.to_string().into_bytes()
}

/// Goes down by chance and puts something else in the place.
fn spoil(chance: &mut Chance, value: &mut Value) {
    let deeper = chance.below(4) > 0;
    match value {
        Value::Object(members) if deeper && !members.is_empty() => {
            let at = chance.below(members.len());
            spoil(chance, members.values_mut().nth(at).unwrap());
        }
        Value::Array(items) if deeper && !items.is_empty() => {
            let at = chance.below(items.len());
            spoil(chance, &mut items[at]);
        }
        value => *value = odd(chance),
    }
}

fn odd(chance: &mut Chance) -> Value {
    match chance.below(8) {
        0 => Value::Null,
        1 => json!(-1),
        2 => json!(1e300),
        3 => json!([]),
        4 => json!({"": {"": [null]}}),
        5 => json!("x".repeat(10_000)),
        6 => json!(word(chance)),
        _ => json!(format!("/{}", words(chance, 4, "/"))),
    }
}

/// Seldom cuts a body, or puts a byte into it that is no text.
fn broken(chance: &mut Chance, mut body: Vec<u8>) -> Vec<u8> {
    if !body.is_empty() && chance.seldom() {
        let at = chance.below(body.len());
        if chance.seldom() { body.truncate(at) } else { body[at] = 0xff }
    }
    body
}
