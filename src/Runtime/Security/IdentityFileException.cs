namespace Overlay.Runtime.Security;

/// <summary>What is wrong with an identity file.</summary>
public enum IdentityFileFault
{
    /// <summary>The file is there and is not (or no longer) an identity: torn, edited, or somebody else's.</summary>
    Damaged,

    /// <summary>Another running node uses the same directory; two nodes cannot have one identity.</summary>
    InUse,

    /// <summary>The file or its directory cannot be read or written.</summary>
    Inaccessible,
}

/// <summary>A node's identity could not be loaded or kept. The message names the file and the cure.</summary>
public sealed class IdentityFileException(IdentityFileFault fault, string path, string cure, Exception? inner = null)
    : Exception($"{path}: {cure}", inner)
{
    /// <summary>What is wrong.</summary>
    public IdentityFileFault Fault => fault;

    /// <summary>The file.</summary>
    public string Path => path;
}
