//! Passwords of phones: made by us, typed once into a device, shown to nobody again.

use data_encoding::BASE32_NOPAD;
use zeroize::ZeroizeOnDrop;

/// Random bytes of one: 136 bits. What is stored of it can be tried at the speed of MD5.
pub const PASSWORD_BYTES: usize = 17;
const GROUP: usize = 4;

/// Seven groups of four letters and digits in lower case. The hyphens belong to it: what a phone hashes
/// is what was typed. No `Debug`, wiped when dropped.
#[derive(ZeroizeOnDrop)]
pub struct PhonePassword(String);

impl PhonePassword {
    pub fn new(bytes: [u8; PASSWORD_BYTES]) -> Self {
        let letters = BASE32_NOPAD.encode(&bytes).to_ascii_lowercase();
        let mut text = String::with_capacity(letters.len() + letters.len() / GROUP);
        for (at, letter) in letters.char_indices() {
            if at > 0 && at % GROUP == 0 {
                text.push('-');
            }
            text.push(letter);
        }
        Self(text)
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::PhonePassword;

    #[test]
    fn a_phones_password_is_seven_groups_of_four() {
        let password = PhonePassword::new([0xA5; 17]);
        let groups: Vec<&str> = password.expose().split('-').collect();
        assert_eq!(groups.len(), 7, "{}", password.expose());
        for group in groups {
            assert_eq!(group.len(), 4);
            assert!(
                group
                    .bytes()
                    .all(|byte| b"abcdefghijklmnopqrstuvwxyz234567".contains(&byte))
            );
        }
    }
}
