namespace Overlay.WebRtc.Dtls;

/// <summary>The system's libssl is missing or unusable. The message says what was tried and how to cure it.</summary>
public sealed class DtlsLibraryException : Exception
{
    internal DtlsLibraryException(string message)
        : base(message)
    {
    }

    /// <summary>Always <see cref="DtlsFailure.LibraryMissing"/>: for hosts that report failures by reason.</summary>
    public DtlsFailure Reason => DtlsFailure.LibraryMissing;
}
