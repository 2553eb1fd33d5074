//! The numbers of refusals that people meet, as the service's list of error codes explains them.

/// A refusal and the way out.
pub(super) struct Known {
    number: u64,
    pub(super) what: &'static str,
    pub(super) help: &'static str,
}

/// What is known of a number.
pub(super) fn known(number: u64) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.number == number)
}

const fn told(number: u64, what: &'static str, help: &'static str) -> Known {
    Known { number, what, help }
}

const SIGN_IN_AGAIN: &str = "sign in again with `cosell connect`";
const SIGN_IN_WITH_MFA: &str = "sign in again with `cosell connect`, and confirm on the second device";
const TENANT: &str = "look up the directory (tenant) id in the application's registration, and write it as `tenant`";
const AUDIENCE: &str = "check `url` and `audience` of the connection; the service must be used in this tenant";
const REGISTER: &str = "register the certificate with the application, under certificates and secrets";

#[rustfmt::skip]
const KNOWN: &[Known] = &[
    told(50_020, "the person is of another tenant", TENANT),
    told(50_034, "the person is not in this tenant", TENANT),
    told(50_053, "the person is locked out after too many attempts", "wait, or have an administrator unlock the person"),
    told(50_055, "the person's password has expired", SIGN_IN_AGAIN),
    told(50_057, "the person's account is disabled", "have an administrator enable it, or sign in as somebody else with `cosell connect`"),
    told(50_059, "the request names no tenant that the application is of", TENANT),
    told(50_076, "the person must confirm with a second factor (MFA)", SIGN_IN_WITH_MFA),
    told(50_078, "the person's second factor (MFA) has expired", SIGN_IN_WITH_MFA),
    told(50_079, "the person must set up a second factor (MFA)", "have the person set it up, then sign in again with `cosell connect`"),
    told(50_105, "the person is not assigned to the application", "have an administrator assign the person to the application"),
    told(50_132, "the person's sessions were ended, for instance with a new password", SIGN_IN_AGAIN),
    told(50_158, "a condition of the tenant is not met, such as a second factor (MFA)", SIGN_IN_WITH_MFA),
    told(50_173, "the refresh token was revoked, for instance with a new password", SIGN_IN_AGAIN),
    told(53_000, "the tenant wants a device that it knows", "ask an administrator which conditions hold for this application"),
    told(53_003, "the tenant's conditional access blocks the sign-in", "ask an administrator which conditions hold for this application"),
    told(65_001, "nobody has consented to what the application wants to do", "have an administrator give consent under API permissions, or sign in with `cosell connect`"),
    told(65_004, "the person declined", SIGN_IN_AGAIN),
    told(70_000, "the refresh token is not valid", SIGN_IN_AGAIN),
    told(70_008, "the refresh token has expired", SIGN_IN_AGAIN),
    told(70_011, "the audience is not one that the service knows", AUDIENCE),
    told(70_043, "the person must sign in again, as the tenant demands from time to time", SIGN_IN_AGAIN),
    told(90_002, "there is no such tenant", TENANT),
    told(90_094, "an administrator must consent", "have an administrator give consent under API permissions"),
    told(500_011, "the service is not known in this tenant", AUDIENCE),
    told(650_057, "the application is not registered for this service", "add the service under API permissions of the application"),
    told(700_016, "the application is not known in this tenant", "check `client_id` and `tenant`"),
    told(700_021, "the certificate signs for another application", "check `client_id`"),
    told(700_023, "the certificate's document is for another endpoint", "check `tenant` and `login_url`"),
    told(700_024, "the certificate's document is not of this time", "set this machine's clock"),
    told(700_025, "the application is a public client, which has no secret", "leave out `client_secret` and `client_certificate`"),
    told(700_027, "the certificate is not one of the application, or has expired", REGISTER),
    told(700_082, "the refresh token has expired, since it was not used for 90 days", SIGN_IN_AGAIN),
    told(1_002_012, "the audience is not one that an application can ask for", AUDIENCE),
    told(7_000_112, "the application is disabled", "have an administrator enable it"),
    told(7_000_215, "the application's secret is wrong", "use the value of the secret, not its id"),
    told(7_000_218, "the application must prove who it is", "add `client_secret` or `client_certificate`, or allow public client flows in its registration"),
    told(7_000_222, "the application's secret has expired", "make a new secret under certificates and secrets, and put it where `client_secret` says"),
    told(9_002_313, "the refresh token is not one of this service", SIGN_IN_AGAIN),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_sorted_and_words_are_fragments() {
        assert!(KNOWN.is_sorted_by(|one, other| one.number < other.number));
        for Known { number, what, help } in KNOWN {
            for text in [what, help] {
                assert!(text.starts_with(|first: char| first.is_ascii_lowercase()), "{number}: {text}");
                assert!(!text.ends_with('.'), "{number}: {text}");
            }
        }
    }
}
