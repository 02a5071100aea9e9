using Overlay.Identity;

namespace Overlay.Tests.Identity;

/// <summary>The table against a plain dictionary, through growth, eviction and removal.</summary>
public sealed class ContactTableTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(16)]
    [InlineData(61)]
    [InlineData(256)]
    public void What_was_added_is_found_until_it_was_forgotten(int capacity)
    {
        var world = new World();
        var table = new ContactTable(capacity);
        var all = new List<Contact>();
        for (var i = 1UL; i <= 500; i++)
        {
            var contact = world.Contact(i);
            all.Add(contact);
            table.Add(contact);
            if (i % 3 == 0)
            {
                table.Touch(table.Find(contact.Id, contact.Certificate.Hash));
            }

            var found = all.Count(one => table.Find(one.Id, one.Certificate.Hash) is var at && at >= 0 && table[at] == one);
            Assert.Equal(Math.Min(capacity, all.Count), found);
            Assert.Equal(found, table.Count);
        }

        Assert.All(all, one => Assert.Equal(table.Find(one.Id, one.Certificate.Hash), table.FindNewest(one.Id)));
        Assert.All(all, one => Assert.Equal(table.Find(one.Id, one.Certificate.Hash), table.Find(one.Certificate.Hash)));
    }

    [Fact]
    public void Contacts_are_equal_by_what_they_say()
    {
        var world = new World();

        Assert.Equal(world.Contact(1, 5), world.Contact(1, 5));
        Assert.NotEqual(world.Contact(1, 5), world.Contact(1, 6));
        Assert.NotEqual(world.Contact(1, 5), world.Contact(2, 5));
        Assert.Equal(world.Contact(1, 6), world.Contact(1, 5) with { Instance = 6 });
        Assert.Equal(default, new Contact(default, 0, null!));
    }
}
