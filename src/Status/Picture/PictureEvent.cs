using Overlay.Ring;

namespace Overlay.Status.Picture;

/// <summary>What happened to a member, in a word.</summary>
internal enum PictureEventKind
{
    /// <summary>It answers for the first time.</summary>
    Joined,

    /// <summary>It is being introduced.</summary>
    Joining,

    /// <summary>It said good-bye.</summary>
    Left,

    /// <summary>It does not answer, or its neighbours confirmed its death.</summary>
    Died,

    /// <summary>It was gone, and answers again.</summary>
    Returned,

    /// <summary>It holds a gateway slot of the hub.</summary>
    Gateway,

    /// <summary>It holds none any more.</summary>
    NoGateway,
}

/// <summary>A line of the page's list of events.</summary>
/// <param name="Number">1, 2, 3 …</param>
/// <param name="At">When the server saw it.</param>
/// <param name="Kind">What.</param>
/// <param name="Member">To whom.</param>
internal readonly record struct PictureEvent(long Number, DateTimeOffset At, PictureEventKind Kind, RingId Member);
