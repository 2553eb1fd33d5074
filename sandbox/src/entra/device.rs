//! Sign-in on another device: the application gets a code for the person and asks until the person has typed it in.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Entra;
use super::grants::{Form, Version};
use super::refusal::Refusal;

/// Codes at a time; beyond this the oldest is forgotten.
const MOST: usize = 1_000;

/// How long a person has, in seconds.
const LIFETIME: i64 = 900;

/// A sign-in under way.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Device {
    /// What the person types.
    pub(super) user_code: String,
    #[serde(skip)]
    pub(super) device_code: String,
    /// What the application wants to do.
    pub(super) scope: String,
    pub(super) state: DeviceState,
    pub(super) ends: Timestamp,
}

/// What the person did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum DeviceState {
    Waiting,
    Approved,
    Declined,
    Redeemed,
}

impl Entra {
    /// Begins a sign-in.
    pub(super) fn begin_device(&mut self, tenant: &str, version: Version, form: &Form) -> Result<Value, Refusal> {
        self.check_tenant(tenant)?;
        self.check_client_id(form)?;
        let scope = match version {
            Version::V1 => form.get("resource").ok_or_else(|| Refusal::missing("resource"))?,
            Version::V2 => form.get("scope").ok_or_else(|| Refusal::missing("scope"))?,
        };
        self.asked(version, scope)?;
        let code = Uuid::new_v4().simple().to_string();
        let device = Device {
            user_code: code.get(..9).unwrap_or_default().to_uppercase(),
            device_code: format!("device-{}", Uuid::new_v4()),
            scope: scope.to_owned(),
            state: DeviceState::Waiting,
            ends: self.clock.now().checked_add(SignedDuration::from_secs(LIFETIME)).unwrap_or(Timestamp::MAX),
        };
        if self.devices.len() == MOST {
            self.devices.pop_front();
        }
        self.devices.push_back(device.clone());
        Ok(self.device_answer(&device, version))
    }

    fn device_answer(&self, device: &Device, version: Version) -> Value {
        let address = format!("{}/common/oauth2/deviceauth", self.addresses.entra);
        let code = &device.user_code;
        let message = format!(
            "To sign in, use a web browser to open the page {address} and enter the code {code} to authenticate."
        );
        let common = json!({"user_code": code, "device_code": device.device_code, "message": message});
        let rest = match version {
            // The older form writes numbers as texts and names the address otherwise.
            Version::V1 => json!({"verification_url": address, "expires_in": LIFETIME.to_string(), "interval": "5"}),
            Version::V2 => json!({"verification_uri": address, "expires_in": LIFETIME, "interval": 5}),
        };
        super::grants::joined(common, rest)
    }

    /// What a person did with a code that was typed in; `false` when it is not waiting for anybody.
    pub(crate) fn decide_device(&mut self, user_code: &str, approve: bool) -> bool {
        let now = self.clock.now();
        let typed = user_code.trim();
        let waiting = |device: &&mut Device| device.state == DeviceState::Waiting && device.ends > now;
        let mut devices = self.devices.iter_mut().filter(waiting);
        let Some(device) = devices.find(|device| device.user_code.eq_ignore_ascii_case(typed)) else {
            return false;
        };
        device.state = if approve { DeviceState::Approved } else { DeviceState::Declined };
        true
    }

    /// The sign-ins under way and done.
    pub(crate) fn devices(&self) -> Vec<Device> {
        self.devices.iter().cloned().collect()
    }

    /// What the person has allowed by now.
    pub(super) fn approved_scope(&self, code: &str) -> Result<String, Refusal> {
        let now = self.clock.now();
        let bad = || Refusal::new("bad_verification_code", 70_018, "Bad verification code");
        let device = self.devices.iter().find(|device| device.device_code == code).ok_or_else(bad)?;
        match device.state {
            _ if device.ends <= now => {
                let text = "The verification code has expired. Have the user retry the sign-in";
                Err(Refusal::new("expired_token", 70_019, text))
            }
            DeviceState::Waiting => {
                let text = "OAuth 2.0 device flow error. Authorization is pending. Continue polling";
                Err(Refusal::new("authorization_pending", 70_016, text))
            }
            DeviceState::Declined => {
                let text = "User declined to consent to access the app";
                Err(Refusal::new("authorization_declined", 65_004, text))
            }
            DeviceState::Redeemed => Err(bad()),
            DeviceState::Approved => Ok(device.scope.clone()),
        }
    }

    /// Spends a code: it brings one token.
    pub(super) fn redeem_device(&mut self, code: &str) {
        if let Some(device) = self.devices.iter_mut().find(|device| device.device_code == code) {
            device.state = DeviceState::Redeemed;
        }
    }
}
