namespace Overlay.WebRtc.Sctp;

/// <summary>How long to wait for an acknowledgement, learned from round trips (RFC 9260 §6.3.1, RFC 6298).</summary>
internal sealed class RetransmissionTimeout(SctpOptions options)
{
    private static readonly TimeSpan ClockGranularity = TimeSpan.FromMilliseconds(10);

    private TimeSpan _variation;
    private TimeSpan _base = options.RtoInitial;
    private int _backOff;
    private bool _isMeasured;

    /// <summary>The smoothed round trip; zero before the first measurement.</summary>
    public TimeSpan Smoothed { get; private set; }

    /// <summary>The timeout, with the doublings since the last answer.</summary>
    public TimeSpan Value { get; private set; } = options.RtoInitial;

    /// <summary>The packets take another path from now on: begins anew, with twice as long as the former round trip until the first measurement.</summary>
    public void Forget()
    {
        _isMeasured = false;
        _backOff = 0;
        _base = Clamp(Max(options.RtoInitial, Smoothed * 2));
        Value = _base;
    }

    /// <summary>Takes in one round trip. Never one of a chunk that was sent twice: nobody knows which copy was answered (Karn).</summary>
    public void Measure(TimeSpan roundTrip)
    {
        if (roundTrip < TimeSpan.Zero)
        {
            return;
        }

        if (!_isMeasured)
        {
            _isMeasured = true;
            Smoothed = roundTrip;
            _variation = roundTrip / 2;
        }
        else
        {
            // RFC 6298 §2.3: RTTVAR = 3/4 RTTVAR + 1/4 |SRTT − R|, then SRTT = 7/8 SRTT + 1/8 R.
            var deviation = (Smoothed - roundTrip).Duration();
            _variation = ((_variation * 3) + deviation) / 4;
            Smoothed = ((Smoothed * 7) + roundTrip) / 8;
        }

        // A peer may hold back its SACK for as long as we may hold back ours; on a steady path RTTVAR alone forgets that.
        var margin = Max(_variation * 4, Max(options.DelayedAckTimeout, ClockGranularity));
        _base = Clamp(Smoothed + margin);

        // Only a measurement ends the back-off (RFC 6298 §5.7): the acknowledgement of a chunk sent twice proves nothing about time.
        _backOff = 0;
        Value = _base;
    }

    /// <summary>Doubles the timeout (RFC 9260 §6.3.3, E2).</summary>
    public void BackOff()
    {
        _backOff = Math.Min(_backOff + 1, 16);
        Value = Clamp(_base * (1 << _backOff));
    }

    private static TimeSpan Max(TimeSpan left, TimeSpan right) => left > right ? left : right;

    private TimeSpan Clamp(TimeSpan value) => value < options.RtoMin ? options.RtoMin : value > options.RtoMax ? options.RtoMax : value;
}
