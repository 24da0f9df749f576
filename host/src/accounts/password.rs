//! Passwords: what may be one, and their argon2id hashes. Computes a few at a time, off the threads that serve requests, and keeps
//! no password.

use std::{num::NonZero, sync::Arc, thread};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use tokio::{sync::Semaphore, task};

use super::AccountError;

/// What OWASP recommends at least: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Characters of a password.
const SHORTEST: usize = 12;
const LONGEST: usize = 256;
/// Bytes of a password that is checked. More is not hashed at all.
const LARGEST: usize = LONGEST * 4;
/// Hashes at once, whatever the machine: each holds its memory.
const MOST_AT_ONCE: usize = 4;
/// Requests that wait for their turn.
const WAITING: usize = 32;

/// The hash of no password: what a login is checked against whose user does not exist, so that it takes as long.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

/// Checks that a text can be a password of a user.
pub fn check_password(password: &str, user: &str) -> Result<(), AccountError> {
    let count = password.chars().count();
    let reason = match () {
        () if count < SHORTEST => "The password has fewer than 12 characters.",
        () if count > LONGEST => "The password has more than 256 characters.",
        () if password.chars().any(char::is_control) => "The password has control characters.",
        () if password.to_lowercase().contains(&user.to_lowercase()) && user.len() * 2 >= password.len() => {
            "The password is hardly more than the name of the user."
        }
        () if password.chars().all(|each| password.starts_with(each)) => "The password repeats one character.",
        () => return Ok(()),
    };
    Err(AccountError::Password(reason))
}

/// Hashes passwords and checks them, a few at once.
pub struct Hashing {
    turns: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Default for Hashing {
    fn default() -> Self {
        let at_once = thread::available_parallelism().map_or(1, NonZero::get).div_ceil(2).min(MOST_AT_ONCE);
        Self { turns: Arc::new(Semaphore::new(at_once)), waiting: Arc::new(Semaphore::new(at_once + WAITING)) }
    }
}

impl Hashing {
    /// The hash of a password, in PHC form.
    pub async fn hash(&self, password: String) -> Result<String, AccountError> {
        let hash = move || {
            let hash: PasswordHash = argon2()?.hash_password(password.as_bytes()).map_err(failed)?;
            Ok(hash.to_string())
        };
        self.compute(hash).await?
    }

    /// Whether a password has this hash. Without one, as much is computed for nothing.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, AccountError> {
        if password.len() > LARGEST {
            return Ok(false);
        }
        let verify = move || {
            let kept = PasswordHash::new(hash.as_deref().unwrap_or(NOBODY)).map_err(failed)?;
            let fits = argon2()?.verify_password(password.as_bytes(), &kept).is_ok();
            Ok(fits && hash.is_some())
        };
        self.compute(verify).await?
    }

    async fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, AccountError> {
        let _place = self.waiting.try_acquire().map_err(|_| AccountError::Busy)?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| AccountError::Busy)?;
        // Held by the work itself: a caller that goes away does not make room for one more.
        let held = move || {
            let result = work();
            drop(turn);
            result
        };
        task::spawn_blocking(held).await.map_err(failed)
    }
}

fn argon2() -> Result<Argon2<'static>, AccountError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(failed)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn failed(error: impl std::fmt::Display) -> AccountError {
    AccountError::Hashing(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    const PASSWORD: &str = "correct horse battery staple";

    #[test]
    fn a_password_is_long_and_not_the_name() {
        for good in [PASSWORD, "ünïcødé wörds", &"a1".repeat(128), "ada-ada-ada-ada-and more"] {
            assert_eq!(check_password(good, "ada"), Ok(()), "{good}");
        }
        for bad in ["", "short", "elevenchars", "tab\tin the middle", "line\nline line", "aaaaaaaaaaaaaaaa", &"x1".repeat(129)] {
            let error = check_password(bad, "ada").unwrap_err();
            assert!(bad.is_empty() || !error.to_string().contains(bad), "{error}");
        }
        assert!(check_password("Ada.Lovelace.1", "ada.lovelace").is_err());
    }

    #[tokio::test]
    async fn a_hash_fits_its_password_alone() {
        let hashing = Hashing::default();
        let hash = hashing.hash(PASSWORD.to_owned()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") && !hash.contains(PASSWORD), "{hash}");
        assert_ne!(hash, hashing.hash(PASSWORD.to_owned()).await.unwrap(), "each hash has a salt of its own");
        assert!(hashing.verify(PASSWORD.to_owned(), Some(hash.clone())).await.unwrap());
        for wrong in ["", "correct horse battery stapl", "Correct horse battery staple", &"x".repeat(1_000_000)] {
            assert!(!hashing.verify(wrong.to_owned(), Some(hash.clone())).await.unwrap(), "{}", wrong.len());
        }
        for damaged in ["", "$argon2id$", "$2b$12$abc"] {
            assert!(hashing.verify(PASSWORD.to_owned(), Some(damaged.to_owned())).await.is_err(), "{damaged}");
        }
    }

    #[tokio::test]
    async fn a_user_who_does_not_exist_takes_as_long() {
        let hashing = Hashing::default();
        let hash = hashing.hash(PASSWORD.to_owned()).await.unwrap();
        assert!(!hashing.verify(PASSWORD.to_owned(), None).await.unwrap());
        let params = |hash: &str| PasswordHash::new(hash).unwrap().params.to_string();
        assert_eq!(params(NOBODY), params(&hash), "the same work");
        let mut took = [Duration::MAX; 2];
        for _ in 0..3 {
            for (least, hash) in took.iter_mut().zip([Some(hash.clone()), None]) {
                let begun = Instant::now();
                assert!(!hashing.verify("another password".to_owned(), hash).await.unwrap());
                *least = begun.elapsed().min(*least);
            }
        }
        let [known, unknown] = took;
        assert!(unknown * 4 > known && known * 4 > unknown, "{known:?} and {unknown:?}");
    }

    #[tokio::test]
    async fn so_many_wait_and_no_more() {
        let hashing = Arc::new(Hashing { turns: Arc::new(Semaphore::new(0)), waiting: Arc::new(Semaphore::new(2)) });
        let verify = |hashing: Arc<Hashing>| tokio::spawn(async move { hashing.verify(String::new(), None).await });
        let waiting = [verify(Arc::clone(&hashing)), verify(Arc::clone(&hashing))];
        while hashing.waiting.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(hashing.verify(String::new(), None).await, Err(AccountError::Busy));
        hashing.turns.add_permits(1);
        for waiting in waiting {
            assert_eq!(waiting.await.unwrap(), Ok(false));
        }
    }
}
