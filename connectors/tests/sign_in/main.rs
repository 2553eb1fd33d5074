//! Signing in at the sandbox's Entra ID, which knows nothing of the connectors: by certificate, with refresh tokens that
//! rotate, by a person on another device, and with everything that can be wrong with these.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod stage;

use cosell_connectors::{AssertionAlgorithm, Secret};
use serde_json::json;

use stage::Stage;

#[tokio::test]
async fn a_certificate_signs_in() {
    let stage = Stage::start().await;
    let (key, certificate) = stage::certificate();
    let both = [key.as_str(), &certificate].concat();
    let with = |algorithm| {
        stage.dataverse(|sign_in| {
            sign_in.client_secret = None;
            sign_in.client_certificate = Some(Secret::given(both.as_str()));
            sign_in.certificate_algorithm = algorithm;
        })
    };
    let unknown = stage::ask(&with(AssertionAlgorithm::Ps256)).await.unwrap_err();
    assert!(unknown.message.contains("AADSTS700027") && unknown.message.contains("register"), "{unknown}");
    stage.admin("/applications/certificates", json!({ "pem": certificate })).await;
    for algorithm in [AssertionAlgorithm::Ps256, AssertionAlgorithm::Rs256] {
        stage::ask(&with(algorithm)).await.unwrap();
    }
    let halves = stage.dataverse(|sign_in| {
        sign_in.client_secret = None;
        sign_in.client_certificate = Some(Secret::given(certificate.as_str()));
    });
    let error = stage::ask(&halves).await.unwrap_err();
    assert!(error.message.contains("no private key"), "{error}");
}

/// The tokens of three services come by one refresh token in one file, of which each use makes the next.
#[tokio::test]
async fn t34_t35_a_refresh_token_that_is_good_once_lives_on_in_its_file() {
    let stage = Stage::start().await;
    stage.admin("/behaviours", json!({ "refresh_single_use": true })).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, stage.refresh_token()).unwrap();
    let connections = stage.for_person(&file);
    for _ in 0..2 {
        // As after a restart: nothing is remembered but the file.
        stage::ask_all(&connections).await.unwrap();
    }
    // Side by side.
    let all = tokio::join!(stage::ask(&connections), stage::ask(&connections), stage::ask(&connections));
    assert!(all.0.is_ok() && all.1.is_ok() && all.2.is_ok(), "{all:?}");
    assert_ne!(std::fs::read_to_string(&file).unwrap(), stage.refresh_token());
    stage.admin("/tokens", json!({ "revoke_refresh": true, "revoke": true })).await;
    let error = stage::ask_all(&connections).await.unwrap_err();
    assert!(error.message.contains("revoked") && error.message.contains("`cosell connect`"), "{error}");
    assert!(!error.message.contains(&std::fs::read_to_string(&file).unwrap()), "{error}");
}

#[tokio::test]
async fn t34_refusals_say_what_to_do() {
    let cases = [
        ("consent_missing", true, "consent"),
        ("interaction_required", true, "second factor"),
        ("secret_expired", true, "make a new secret"),
        ("secret_expired", false, "make a new secret"),
    ];
    for (behaviour, person, expected) in cases {
        let stage = Stage::start().await;
        stage.admin("/behaviours", json!({ behaviour: true })).await;
        let refresh_token = person.then(|| Secret::given(stage.refresh_token()));
        let connections = stage.dataverse(|sign_in| sign_in.refresh_token = refresh_token);
        let error = stage::ask(&connections).await.unwrap_err();
        assert!(error.message.contains(expected), "{behaviour}: {error}");
    }
    let stage = Stage::start().await;
    for (wrong, expected) in [("tenant", "tenant"), ("client_id", "check `client_id`"), ("secret", "not its id")] {
        let connections = stage.dataverse(|sign_in| match wrong {
            "tenant" => sign_in.tenant = "11111111-1111-4111-8111-111111111111".to_owned(),
            "client_id" => sign_in.client_id = "11111111-1111-4111-8111-111111111111".to_owned(),
            _ => sign_in.client_secret = Some(Secret::given("do-not-print")),
        });
        let error = stage::ask(&connections).await.unwrap_err();
        assert!(error.message.contains(expected) && !error.message.contains("do-not-print"), "{wrong}: {error}");
    }
}

#[tokio::test]
async fn a_person_signs_in_on_another_device() {
    let stage = Stage::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let connections = stage.for_person(&file);
    assert!(stage::ask_all(&connections).await.unwrap_err().message.contains("token"), "there is no file yet");
    let sign_in = connections.device_sign_in("partner_center").unwrap();
    let code = sign_in.begin().await.unwrap();
    stage.admin(&format!("/device-codes/{}", code.code), json!({ "approve": true })).await;
    sign_in.finish(&code).await.unwrap();
    stage::ask_all(&connections).await.unwrap();
    assert!(connections.device_sign_in("salesforce").is_err());
}

/// The keyring of this machine, if it has one that may be used: containers often have none.
#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_lives_on_in_the_keyring() {
    let stage = Stage::start().await;
    stage.admin("/behaviours", json!({ "refresh_single_use": true })).await;
    let name = format!("test-{}", std::process::id());
    let connections = stage.for_person_with(Secret::Keyring(name.clone()));
    let missing = stage::ask(&connections).await.unwrap_err();
    assert!(missing.message.contains(&name) && missing.message.contains("keyring"), "{missing}");
    if missing.message.contains("cannot be used here") {
        return;
    }
    let sign_in = connections.device_sign_in("partner_center").unwrap();
    let code = sign_in.begin().await.unwrap();
    stage.admin(&format!("/device-codes/{}", code.code), json!({ "approve": true })).await;
    sign_in.finish(&code).await.unwrap();
    // As after restarts: nothing is remembered but the keyring.
    for _ in 0..3 {
        stage::ask_all(&connections).await.unwrap();
    }
    let keyring = keyring_core::get_default_store().unwrap();
    keyring.build("cosell", &name, None).unwrap().delete_credential().unwrap();
    assert!(stage::ask(&connections).await.unwrap_err().message.contains("nothing is kept"));
}
