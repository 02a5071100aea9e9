using System.Text;

namespace Overlay.WebRtc.Ice;

/// <content>A new generation on the same agent (RFC 8445 §9): new credentials, new pairs, data flows on meanwhile.</content>
public sealed partial class IceAgent
{
    private SelectedPair? _heldPair;
    private Instant _heldUntil = Instant.Never;
    private byte[] _previousLocalUfrag = [];
    private byte[] _previousLocalKey = [];

    /// <summary>
    /// Begins a new generation: new local credentials, the remote ones and all pairs forgotten, the local candidates kept. The pair
    /// selected before stays for data until a new one works, at most until its consent would have expired.
    /// </summary>
    /// <returns>The new local credentials, for the new offer or answer.</returns>
    /// <exception cref="InvalidOperationException">The agent is closed.</exception>
    public IceCredentials Restart(Instant now)
    {
        if (State == IceState.Closed)
        {
            throw new InvalidOperationException("A closed agent cannot restart.");
        }

        _now = now;
        (_heldPair, _heldUntil) = _selected is null ? (_heldPair, _heldUntil) : (_selected.ToSelected(), _consent.ExpiresAt);
        (_previousLocalUfrag, _previousLocalKey) = (_localUfrag, _localKey);
        ForgetGeneration();
        LocalCredentials = IceCredentials.Create(_secrets);
        _localKey = Encoding.ASCII.GetBytes(LocalCredentials.Password);
        _localUfrag = Encoding.ASCII.GetBytes(LocalCredentials.Ufrag);
        for (var index = 0; index < _locals.Count; index++)
        {
            _locals[index].Candidate = _locals[index].Candidate with { Ufrag = LocalCredentials.Ufrag };
            _localCandidates[index] = _locals[index].Candidate;
        }

        BecomeState(IceState.New);
        return LocalCredentials;
    }

    private void ForgetGeneration()
    {
        RemoteCredentials = null;
        IsRemoteLite = false;
        HasEndOfRemoteCandidates = false;
        Failure = IceFailure.None;
        _remotes.Clear();
        _pairs.Clear();
        _earlyChecks.Clear();
        _answers.Clear();
        _consent.Stop();
        _selected = null;
        _nominating = null;
        _wasNominated = false;
        _nominateAt = Instant.Never;
        _deadlineAt = Instant.Never;
    }

    private void DropHeldPair()
    {
        _heldUntil = Instant.Never;
        if (_heldPair is not null)
        {
            _heldPair = null;
            if (_selected is null)
            {
                Raise(IceEventKind.SelectedPairChanged);
            }
        }
    }
}
