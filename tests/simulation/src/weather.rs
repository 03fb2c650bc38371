//! The sky over network and server: what becomes of requests for a while.

/// One kind of sky.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    /// Everything arrives and is answered as documented.
    Good,
    /// The browser says that it is offline, and nothing arrives.
    Offline,
    /// Half of the requests are dropped, before or after the server has taken them.
    Lossy,
    /// All of them vanish before the server, and the browser says it is online: a blocker, a strict policy.
    Blocked,
    /// Answers take so long that the page gives up.
    Hanging,
    /// 500, 502, 503.
    Down,
    /// 429.
    Limited,
    /// 408 or 425.
    Early,
    /// 401, 403, 404.
    Forbidden,
    /// 400, 413 or 422 to everything.
    Refusing,
    /// 2xx with a smaller `processed_count`.
    Partial,
    /// 2xx with the places of failed events.
    Named,
    /// 2xx with a body of somebody else's, or `success: false`.
    Malformed,
    /// Any of them, each request anew.
    Wild,
}

impl Weather {
    /// Every sky but the good one.
    pub const ALL: [Self; 13] = [
        Self::Offline,
        Self::Lossy,
        Self::Blocked,
        Self::Hanging,
        Self::Down,
        Self::Limited,
        Self::Early,
        Self::Forbidden,
        Self::Refusing,
        Self::Partial,
        Self::Named,
        Self::Malformed,
        Self::Wild,
    ];
}
