//! The error of every server function: a refusal as the domain knows it, in JSON. It travels to the
//! browser as the body of the answer; where the browser has no JavaScript it waits in the session.

use nexus_domain::{Code, Refusal};
use serde::{Deserialize, Serialize};
use server_fn::codec::JsonEncoding;
use server_fn::error::{FromServerFnError, ServerFnErrorErr};

/// A refusal on its way through a server function.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Refused(pub Refusal);

impl FromServerFnError for Refused {
    type Encoder = JsonEncoding;

    /// What the machinery itself has to say never holds its inner text: that may quote the input.
    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        use ServerFnErrorErr as E;
        Self(match error {
            E::Args(_) | E::MissingArg(_) | E::Deserialization(_) | E::UnsupportedRequestMethod(_) => {
                Refusal::new(
                    Code::InvalidRequest,
                    "This form does not fit what the server expects; reload the page",
                )
            }
            E::Request(_) => no_connection(),
            _ => Refusal::new(Code::Internal, "Something went wrong on the server"),
        })
    }
}

/// What a page says while the server cannot be reached.
pub fn no_connection() -> Refusal {
    Refusal::new(Code::Unavailable, "The server cannot be reached. Nothing is lost; try again")
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self(refusal)
    }
}

#[cfg(feature = "ssr")]
impl From<nexus_backend::Error> for Refused {
    fn from(error: nexus_backend::Error) -> Self {
        // By way of the conversion that writes the cause of a server's error to the log.
        Self(error.into())
    }
}
