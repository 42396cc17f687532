//! What came of an attempt.

use nexus_domain::{Code, Refusal};

pub trait Outcome<T> {
    /// It worked.
    fn fine(self) -> T;
    /// It was refused; what the caller is told.
    fn refused(self) -> Refusal;
    /// It was refused with this code.
    fn refused_as(self, code: Code) -> Refusal;
}

impl<T> Outcome<T> for nexus_backend::Result<T> {
    #[track_caller]
    fn fine(self) -> T {
        match self {
            Ok(value) => value,
            Err(error) => panic!("this should have worked: {error:?}"),
        }
    }

    #[track_caller]
    fn refused(self) -> Refusal {
        match self {
            Ok(_) => panic!("this should have been refused"),
            Err(error) => {
                let refusal = error.refusal();
                assert!(refusal.code.status() < 500, "an error of the server: {error:?}");
                refusal
            }
        }
    }

    #[track_caller]
    fn refused_as(self, code: Code) -> Refusal {
        let refusal = self.refused();
        assert_eq!(refusal.code, code, "{refusal:?}");
        refusal
    }
}
